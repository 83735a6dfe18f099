import { Alert, Box, Button, CssBaseline, ThemeProvider, type Theme } from '@mui/material';

/** What is shown where there is nothing to go on with. */
export function Problem({ theme, text }: { theme: Theme; text: string }) {
  return (
    <ThemeProvider theme={theme}>
      <CssBaseline />
      <Box component="main" sx={{ maxWidth: 560, margin: '15vh auto', padding: 2 }}>
        <Alert severity="error" action={<Button onClick={() => window.location.reload()}>Try again</Button>}>
          {text}
        </Alert>
      </Box>
    </ThemeProvider>
  );
}
