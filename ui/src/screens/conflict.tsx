import {
  Alert,
  Box,
  Button,
  Dialog,
  DialogActions,
  DialogContent,
  DialogTitle,
  FormControlLabel,
  Radio,
  RadioGroup,
  Table,
  TableBody,
  TableCell,
  TableHead,
  TableRow,
  useMediaQuery,
  type Theme,
} from '@mui/material';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useRecordContext, type RaRecord } from 'react-admin';
import { useBuilt } from '../catalog';
import { same, type Values } from '../data/patch';
import type { Field } from '../document/field';
import type { Resource } from '../document/resource';
import { Plain, Value } from '../fields/value';

interface Props {
  resource: Resource;
  /** What the form holds. */
  mine: Values;
  close: () => void;
  saved: (record: RaRecord) => void;
}

type Side = 'mine' | 'theirs';

/** Somebody else has changed the record meanwhile: shows both versions and asks, field by field, which is to stay. */
export function Conflict({ resource, mine, close, saved }: Props) {
  const { provider } = useBuilt();
  const queries = useQueryClient();
  const seen = useRecordContext();
  const [theirs, setTheirs] = useState<RaRecord>();
  const [chosen, setChosen] = useState<Record<string, Side>>({});
  const [failure, setFailure] = useState<string>();
  const wide = useMediaQuery<Theme>((theme) => theme.breakpoints.up('sm'));
  const id = seen?.id;

  useEffect(() => {
    if (id === undefined) return;
    provider
      .getOne(resource.name, { id })
      .then(({ data }) => setTheirs(data))
      .catch((error: unknown) => setFailure(error instanceof Error ? error.message : String(error)));
  }, [provider, resource, id]);

  const editable = resource.fields.filter((field) => field.edit && field.shown);
  const differing = theirs
    ? editable.filter(({ name }) => name in mine && !same(mine[name], theirs[name]))
    : [];
  // What I have not touched is theirs unless I say otherwise.
  const sideOf = ({ name }: Field): Side =>
    chosen[name] ?? (same(mine[name], seen?.[name]) ? 'theirs' : 'mine');

  async function save() {
    if (!theirs || id === undefined) return;
    const data = Object.fromEntries(
      differing.filter((field) => sideOf(field) === 'mine').map(({ name }) => [name, mine[name]]),
    );
    try {
      const result = await provider.update(resource.name, { id, data, previousData: theirs });
      show(result.data);
      void queries.invalidateQueries({ queryKey: [resource.name, 'getList'] });
      close();
      saved(result.data);
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  }

  function takeTheirs() {
    if (theirs) show(theirs);
    close();
  }

  /** Lets every page show the record as it is now. */
  function show(record: RaRecord) {
    queries.setQueriesData({ queryKey: [resource.name, 'getOne'] }, (old: RaRecord | undefined) =>
      old?.id === id ? record : old,
    );
  }

  return (
    <Dialog open onClose={close} maxWidth="md" fullWidth fullScreen={!wide} aria-labelledby="conflict-title">
      <DialogTitle id="conflict-title">
        Somebody else has changed this {resource.singular.toLowerCase()}
      </DialogTitle>
      <DialogContent>
        {failure && (
          <Alert severity="error" sx={{ mb: 2 }}>
            {failure}
          </Alert>
        )}
        {theirs && differing.length === 0 && <>What you entered is what is stored already.</>}
        {theirs && differing.length > 0 && (
          <Box sx={{ overflowX: 'auto' }}>
            <Table size="small">
              <TableHead>
                <TableRow>
                  <TableCell>Field</TableCell>
                  <TableCell>Yours</TableCell>
                  <TableCell>Stored meanwhile</TableCell>
                  <TableCell>Keep</TableCell>
                </TableRow>
              </TableHead>
              <TableBody>
                {differing.map((field) => (
                  <TableRow key={field.name} sx={{ verticalAlign: 'top' }}>
                    <TableCell component="th" scope="row">
                      {field.label}
                    </TableCell>
                    <TableCell>
                      {field.kind === 'reference' ? (
                        <Value field={{ ...field, companion: undefined }} record={mine} />
                      ) : (
                        <Plain field={field} value={mine[field.name]} />
                      )}
                    </TableCell>
                    <TableCell>
                      <Value field={field} record={theirs} />
                    </TableCell>
                    <TableCell>
                      <Sides
                        label={field.label}
                        value={sideOf(field)}
                        change={(side) => setChosen({ ...chosen, [field.name]: side })}
                      />
                    </TableCell>
                  </TableRow>
                ))}
              </TableBody>
            </Table>
          </Box>
        )}
      </DialogContent>
      <DialogActions sx={{ flexWrap: 'wrap', rowGap: 1 }}>
        <Button onClick={close}>Back to the form</Button>
        <Button onClick={takeTheirs} disabled={!theirs}>
          Discard mine
        </Button>
        <Button variant="contained" onClick={() => void save()} disabled={!theirs || differing.length === 0}>
          Save
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function Sides({ label, value, change }: { label: string; value: Side; change: (side: Side) => void }) {
  return (
    <RadioGroup
      value={value}
      onChange={(_, side) => change(side as Side)}
      aria-label={`Which ${label.toLowerCase()} to keep`}
    >
      <FormControlLabel value="mine" control={<Radio size="small" />} label="Mine" />
      <FormControlLabel value="theirs" control={<Radio size="small" />} label="Theirs" />
    </RadioGroup>
  );
}
