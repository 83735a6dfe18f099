import { Box, CircularProgress, CssBaseline, ThemeProvider, type Theme } from '@mui/material';

export function Waiting({ theme }: { theme: Theme }) {
  return (
    <ThemeProvider theme={theme}>
      <CssBaseline />
      <Box component="main" sx={{ display: 'grid', placeItems: 'center', minHeight: '100vh' }}>
        <CircularProgress />
      </Box>
    </ThemeProvider>
  );
}
