import Check from '@mui/icons-material/Check';
import Remove from '@mui/icons-material/Remove';
import { Box, Chip, Link as MuiLink, Tooltip, Typography } from '@mui/material';
import { useReference } from 'react-admin';
import { Link } from 'react-router-dom';
import { useBuilt } from '../catalog';
import type { Values } from '../data/patch';
import type { Field } from '../document/field';
import { words } from '../document/label';
import { Changes } from './changes';
import { bytes, day, represent, shortId, textOf, time } from './represent';
import { toneOf } from './tone';

interface Props {
  field: Field;
  record: Values;
  /** In a row there is one line for it. */
  brief?: boolean;
  /** Inside of a link there can be no other one. */
  unlinked?: boolean;
}

/** A field's value for reading. Whatever a text holds, it is shown as text. */
export function Value({ field, record, brief, unlinked }: Props) {
  const value = record[field.name];
  if (field.kind === 'reference' && typeof value === 'string')
    return <Reference field={field} record={record} id={value} unlinked={unlinked} />;
  return <Plain field={field} value={value} brief={brief} />;
}

/** A value by itself, without its record. */
export function Plain({ field, value, brief }: { field: Field; value: unknown; brief?: boolean }) {
  if (value === null || value === undefined || value === '') return <Nothing />;
  switch (field.kind) {
    case 'choice':
      return (
        <Chip size="small" variant="outlined" color={toneOf(String(value))} label={words(String(value))} />
      );
    case 'word':
      return <Word value={String(value)} brief={brief} />;
    case 'boolean':
      return value === true ? (
        <Check fontSize="small" titleAccess="Yes" />
      ) : (
        <Remove fontSize="small" titleAccess="No" color="disabled" />
      );
    case 'number':
      return <>{typeof value === 'number' ? value.toLocaleString() : textOf(value)}</>;
    case 'bytes':
      return <>{bytes(Number(value))}</>;
    case 'date':
      return <time dateTime={String(value)}>{day(String(value))}</time>;
    case 'time':
      return <Time value={String(value)} />;
    case 'id':
    case 'reference':
      return <Id id={String(value)} brief={brief} />;
    case 'changes':
      return brief ? (
        <>{Object.keys(value as Values).join(', ') || <Nothing />}</>
      ) : (
        <Changes value={value as Values} />
      );
    case 'object':
      return brief ? <>{textOf(value)}</> : <Parts field={field} value={value as Values} />;
    case 'json':
      return brief ? <Clamped text={JSON.stringify(value)} /> : <Json value={value} />;
    default:
      return brief ? <Clamped text={String(value)} /> : <Text text={String(value)} />;
  }
}

function Nothing() {
  return (
    <Typography component="span" variant="body2" aria-label="none" sx={{ color: 'text.secondary' }}>
      –
    </Typography>
  );
}

/** A name in words, and as filters take it. */
function Word({ value, brief }: { value: string; brief?: boolean }) {
  const text = words(value);
  if (brief)
    return (
      <Tooltip title={value} describeChild>
        <span>{text}</span>
      </Tooltip>
    );
  return text.toLowerCase() === value ? (
    <>{text}</>
  ) : (
    <>
      {text} <Id id={value} />
    </>
  );
}

function Time({ value }: { value: string }) {
  return (
    <Tooltip title={value}>
      <time dateTime={value}>{time(value)}</time>
    </Tooltip>
  );
}

function Id({ id, brief }: { id: string; brief?: boolean }) {
  const text = (
    <Box component="code" sx={{ fontSize: '0.85em', overflowWrap: 'anywhere' }}>
      {brief ? shortId(id) : id}
    </Box>
  );
  return brief ? <Tooltip title={id}>{text}</Tooltip> : text;
}

function Clamped({ text }: { text: string }) {
  return (
    <Box
      component="span"
      sx={{
        display: 'inline-block',
        maxWidth: 320,
        overflow: 'hidden',
        textOverflow: 'ellipsis',
        whiteSpace: 'nowrap',
        verticalAlign: 'bottom',
      }}
    >
      {text}
    </Box>
  );
}

function Text({ text }: { text: string }) {
  return (
    <Box component="span" sx={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
      {text}
    </Box>
  );
}

function Json({ value }: { value: unknown }) {
  return (
    <Box component="pre" sx={{ m: 0, fontSize: '0.85rem', whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
      {JSON.stringify(value, null, 2)}
    </Box>
  );
}

function Parts({ field, value }: { field: Field; value: Values }) {
  return (
    <Box component="dl" sx={{ m: 0, display: 'grid', gridTemplateColumns: 'max-content 1fr', columnGap: 2 }}>
      {field.properties
        .filter((part) => value[part.name] !== undefined)
        .map((part) => (
          <Box key={part.name} sx={{ display: 'contents' }}>
            <Typography component="dt" variant="body2" sx={{ color: 'text.secondary' }}>
              {part.label}
            </Typography>
            <Box component="dd" sx={{ m: 0 }}>
              <Plain field={part} value={value[part.name]} />
            </Box>
          </Box>
        ))}
    </Box>
  );
}

/** What a reference names, by the name that the record has for it, or else by that of the record it names. */
function Reference({ field, record, id, unlinked }: Props & { id: string }) {
  const { catalog } = useBuilt();
  const target = catalog.resources.find((resource) => resource.name === field.ref?.resource);
  if (!target) return <Id id={id} brief />;
  const known = field.companion ? record[field.companion] : record[`${field.name}_details`];
  const linked = !unlinked && field.ref?.by === 'id' && target.get !== undefined;
  if (!known) return <LookedUp field={field} id={id} linked={linked} />;
  const text = typeof known === 'string' ? known : represent(target, known as Values);
  return <Named target={target.name} id={id} text={text} linked={linked} />;
}

function LookedUp({ field, id, linked }: { field: Field; id: string; linked: boolean }) {
  const { provider } = useBuilt();
  const { resource = '', by = 'id' } = field.ref ?? {};
  const { referenceRecord, isPending } = useReference({
    reference: by === 'id' ? resource : `${resource}@${by}`,
    id,
  });
  if (isPending) return <>…</>;
  if (!referenceRecord) return <Id id={id} brief />;
  return (
    <Named
      target={resource}
      id={id}
      text={represent(provider.resource(resource), referenceRecord)}
      linked={linked}
    />
  );
}

function Named({ target, id, text, linked }: { target: string; id: string; text: string; linked: boolean }) {
  if (!linked) return <>{text}</>;
  return (
    <MuiLink
      component={Link}
      to={`/${target}/${encodeURIComponent(id)}/show`}
      onClick={(event) => event.stopPropagation()}
    >
      {text}
    </MuiLink>
  );
}
