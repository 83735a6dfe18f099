import { Box, Typography } from '@mui/material';
import type { Day } from './days';

const height = 120;

/** A bar for each day, and the same as a table for those who can't see bars. */
export function DayChart({ days, label }: { days: Day[]; label: string }) {
  const most = Math.max(...days.map((day) => day.count), 1);
  const total = days.reduce((sum, day) => sum + day.count, 0);
  const step = 100 / Math.max(days.length, 1);
  return (
    <Box component="figure" sx={{ m: 0 }}>
      <Box
        component="svg"
        viewBox={`0 0 100 ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}: ${total.toLocaleString()} in ${days.length} days`}
        sx={{ width: '100%', height, display: 'block' }}
      >
        {days.map((day, i) => (
          <Box
            key={day.date}
            component="rect"
            x={i * step + step * 0.1}
            width={step * 0.8}
            y={height - (day.count / most) * (height - 4)}
            height={(day.count / most) * (height - 4)}
            sx={{ fill: (theme) => theme.palette.primary.main }}
          >
            <title>{`${day.date}: ${day.count.toLocaleString()}`}</title>
          </Box>
        ))}
        <Box
          component="line"
          x1="0"
          x2="100"
          y1={height}
          y2={height}
          sx={{ stroke: (theme) => theme.palette.divider }}
        />
      </Box>
      <Box component="figcaption" sx={{ display: 'flex', justifyContent: 'space-between' }}>
        <Typography variant="caption">{days[0]?.date}</Typography>
        <Typography variant="caption">most in a day: {most.toLocaleString()}</Typography>
        <Typography variant="caption">{days.at(-1)?.date}</Typography>
      </Box>
      <Box component="table" sx={unseen}>
        <caption>{label}</caption>
        <tbody>
          {days.map((day) => (
            <tr key={day.date}>
              <th scope="row">{day.date}</th>
              <td>{day.count}</td>
            </tr>
          ))}
        </tbody>
      </Box>
    </Box>
  );
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
