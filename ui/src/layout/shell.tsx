import { Chip } from '@mui/material';
import type { ReactNode } from 'react';
import { AppBar, Layout, LoadingIndicator, Menu, TitlePortal } from 'react-admin';
import SettingsIcon from '@mui/icons-material/SettingsOutlined';
import { useBuilt } from '../catalog';
import { useIdentity } from '../session/context';
import { VisitBanner } from '../session/visit-banner';
import { DocumentTitle } from './document-title';
import { Notice } from './notice';
import { UserMenu } from './user-menu';

/** The frame around every page. */
export function Shell({ children }: { children: ReactNode }) {
  return (
    <Layout appBar={Bar} menu={Side} sx={shrinking}>
      <DocumentTitle />
      <VisitBanner />
      <Notice />
      {children}
    </Layout>
  );
}

/** A table that is too wide scrolls by itself, not with the page. */
const shrinking = { minWidth: 0, '& .RaLayout-content, & .RaList-main': { minWidth: 0 } };

function Bar() {
  const { identity, visit } = useIdentity();
  const where = visit?.tenant.name ?? identity.tenant?.name ?? 'Platform';
  return (
    <AppBar
      color="inherit"
      elevation={0}
      toolbar={<LoadingIndicator />}
      userMenu={<UserMenu />}
      sx={{ borderBottom: 1, borderColor: 'divider', backgroundColor: 'background.paper' }}
    >
      <TitlePortal variant="body1" component="h1" sx={{ fontWeight: 600, mr: 1, minWidth: 0 }} />
      <Chip
        size="small"
        label={where}
        color={visit ? 'warning' : 'primary'}
        variant="outlined"
        sx={{ mr: 1, flexShrink: 0, maxWidth: { xs: 110, sm: 260 } }}
      />
    </AppBar>
  );
}

function Side() {
  const { catalog } = useBuilt();
  return (
    <Menu
      aria-label="Main"
      sx={{ '& .RaMenuItemLink-active': { backgroundColor: 'action.selected', fontWeight: 600 } }}
    >
      <Menu.DashboardItem primaryText="Home" />
      {catalog.resources
        .filter((resource) => !resource.parent)
        .map((resource) => (
          <Menu.ResourceItem key={resource.name} name={resource.name} />
        ))}
      {catalog.singles.map((single) => (
        <Menu.Item
          key={single.name}
          to={`/single/${single.name}`}
          primaryText={single.label}
          leftIcon={<SettingsIcon />}
        />
      ))}
    </Menu>
  );
}
