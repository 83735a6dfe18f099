import Visibility from '@mui/icons-material/VisibilityOutlined';
import VisibilityOff from '@mui/icons-material/VisibilityOffOutlined';
import {
  Alert,
  Box,
  Button,
  Card,
  CardContent,
  IconButton,
  InputAdornment,
  List,
  ListItemButton,
  ListItemText,
  Stack,
  Tab,
  Tabs,
  TextField,
  Typography,
} from '@mui/material';
import { useState, type FormEvent } from 'react';
import { ApiError, type TenantChoice } from '../api/problem';
import { applicationName } from '../layout/name';
import { useSession } from './context';
import type { Kind } from './session';

const explanations: Record<Kind, string> = {
  member: 'Work with the data of a tenant that you belong to.',
  operator: 'Manage tenants, users and signing keys.',
};

/** The page of whoever is not signed in. */
export function SignIn({ notice }: { notice?: string }) {
  const session = useSession();
  const [kind, setKind] = useState<Kind>('member');
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [choices, setChoices] = useState<TenantChoice[]>();
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function signIn(tenant?: string) {
    setBusy(true);
    setFailure(undefined);
    try {
      await session.signIn(kind, { username, password, ...(tenant ? { tenant } : {}) });
    } catch (error) {
      setBusy(false);
      if (error instanceof ApiError && error.problem.tenants?.length) setChoices(error.problem.tenants);
      else setFailure(error instanceof ApiError ? error.message : 'The server can’t be reached. Try again.');
    }
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    void signIn();
  }

  function choose(next: Kind) {
    setKind(next);
    setFailure(undefined);
  }

  return (
    <Box component="main" sx={{ display: 'grid', placeItems: 'center', minHeight: '100vh', p: 2 }}>
      <Card sx={{ width: '100%', maxWidth: 420 }}>
        <CardContent sx={{ p: { xs: 2.5, sm: 4 } }}>
          <Typography variant="h5" component="h1" gutterBottom>
            {applicationName}
          </Typography>
          {notice && !failure && (
            <Alert severity="info" sx={{ mb: 2 }}>
              {notice}
            </Alert>
          )}
          {choices ? (
            <Choice
              choices={choices}
              busy={busy}
              failure={failure}
              pick={signIn}
              back={() => setChoices(undefined)}
            />
          ) : (
            <form onSubmit={submit}>
              <Stack spacing={2}>
                <Tabs
                  value={kind}
                  onChange={(_, next: Kind) => choose(next)}
                  variant="fullWidth"
                  aria-label="Sign in to"
                >
                  <Tab value="member" label="A tenant" />
                  <Tab value="operator" label="The platform" />
                </Tabs>
                <Typography variant="body2" sx={{ color: 'text.secondary' }}>
                  {explanations[kind]}
                </Typography>
                {failure && <Alert severity="error">{failure}</Alert>}
                <TextField
                  label="Username"
                  name="username"
                  autoComplete="username"
                  autoFocus
                  required
                  value={username}
                  onChange={(event) => setUsername(event.target.value)}
                />
                <Password value={password} change={setPassword} />
                <Button type="submit" variant="contained" size="large" loading={busy}>
                  Sign in
                </Button>
              </Stack>
            </form>
          )}
        </CardContent>
      </Card>
    </Box>
  );
}

function Password({ value, change }: { value: string; change: (value: string) => void }) {
  const [shown, setShown] = useState(false);
  const toggle = (
    <InputAdornment position="end">
      <IconButton
        aria-label={shown ? 'Hide the password' : 'Show the password'}
        onClick={() => setShown(!shown)}
        edge="end"
      >
        {shown ? <VisibilityOff /> : <Visibility />}
      </IconButton>
    </InputAdornment>
  );
  return (
    <TextField
      label="Password"
      name="password"
      type={shown ? 'text' : 'password'}
      autoComplete="current-password"
      required
      value={value}
      onChange={(event) => change(event.target.value)}
      slotProps={{ input: { endAdornment: toggle } }}
    />
  );
}

interface ChoiceProps {
  choices: TenantChoice[];
  busy: boolean;
  failure?: string;
  pick: (tenant: string) => Promise<void>;
  back: () => void;
}

/** Whoever belongs to several tenants says which one it is to be. */
function Choice({ choices, busy, failure, pick, back }: ChoiceProps) {
  return (
    <Stack spacing={2}>
      <Typography component="h2" variant="subtitle1">
        You belong to several tenants. Which one is it to be?
      </Typography>
      {failure && <Alert severity="error">{failure}</Alert>}
      <List disablePadding aria-label="Tenants">
        {choices.map((tenant, i) => (
          <li key={tenant.id}>
            <ListItemButton autoFocus={i === 0} disabled={busy} divider onClick={() => void pick(tenant.id)}>
              <ListItemText primary={tenant.name} secondary={tenant.slug} />
            </ListItemButton>
          </li>
        ))}
      </List>
      <Button onClick={back} disabled={busy}>
        Back
      </Button>
    </Stack>
  );
}
