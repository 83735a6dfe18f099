import { Box, Typography } from '@mui/material';
import type { Bucket } from './buckets';

const height = 100;

const shortDays = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', timeZone: 'UTC' });

interface Props {
  buckets: Bucket[];
  label: string;
  /** What the bars come to together. */
  total: string;
  words?: (count: number) => string;
}

/** A bar for each span of time, and the same as a table for those who can't see bars. */
export function Chart({ buckets, label, total, words = (count) => count.toLocaleString() }: Props) {
  const most = Math.max(...buckets.map(({ count }) => count), 0);
  const step = 100 / Math.max(buckets.length, 1);
  return (
    <Box component="figure" sx={{ m: 0, position: 'relative' }}>
      <Box
        component="svg"
        viewBox={`0 0 100 ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}: ${total}`}
        sx={{ width: '100%', height, display: 'block', borderBottom: 1, borderColor: 'divider' }}
      >
        {buckets.map(({ at, count }, i) => {
          // Even one is to be seen.
          const size = count > 0 ? Math.max((count / most) * (height - 4), 2) : 0;
          return (
            <Box
              key={at}
              component="rect"
              x={i * step + step * 0.1}
              width={step * 0.8}
              y={height - size}
              height={size}
              sx={{ fill: (theme) => theme.palette.primary.main }}
            >
              <title>{`${shown(at)}: ${words(count)}`}</title>
            </Box>
          );
        })}
      </Box>
      <Box
        component="figcaption"
        sx={{ display: 'flex', justifyContent: 'space-between', color: 'text.secondary' }}
      >
        <Typography variant="caption">{shown(buckets[0]?.at ?? '')}</Typography>
        <Typography variant="caption">{most > 0 ? `most: ${words(most)}` : 'nothing yet'}</Typography>
        <Typography variant="caption">{shown(buckets.at(-1)?.at ?? '')}</Typography>
      </Box>
      <Box component="table" sx={unseen}>
        <caption>{label}</caption>
        <tbody>
          {buckets.map(({ at, count }) => (
            <tr key={at}>
              <th scope="row">{shown(at)}</th>
              <td>{words(count)}</td>
            </tr>
          ))}
        </tbody>
      </Box>
    </Box>
  );
}

function shown(at: string): string {
  const [date = '', hour] = at.split('T');
  return hour === undefined
    ? shortDays.format(new Date(`${date}T00:00:00Z`))
    : new Date(`${at}:00:00Z`).toLocaleTimeString(undefined, { timeStyle: 'short' });
}

/** There for those who are read to. */
const unseen = {
  position: 'absolute',
  width: '1px',
  height: '1px',
  overflow: 'hidden',
  clipPath: 'inset(50%)',
  whiteSpace: 'nowrap',
};
