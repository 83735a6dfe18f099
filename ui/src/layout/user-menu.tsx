import AccountCircle from '@mui/icons-material/AccountCircleOutlined';
import DarkMode from '@mui/icons-material/DarkModeOutlined';
import LightMode from '@mui/icons-material/LightModeOutlined';
import Logout from '@mui/icons-material/Logout';
import MenuBook from '@mui/icons-material/MenuBookOutlined';
import { Divider, IconButton, ListItemIcon, ListItemText, Menu, MenuItem, Tooltip } from '@mui/material';
import { useState } from 'react';
import { useIdentity, useSession } from '../session/context';
import { useColors } from './colors';

/** Who is signed in, and what concerns them alone. */
export function UserMenu() {
  const session = useSession();
  const { identity } = useIdentity();
  const colors = useColors();
  const [anchor, setAnchor] = useState<HTMLElement>();
  const close = () => setAnchor(undefined);
  const role = identity.kind === 'operator' ? 'operator' : (identity.role ?? '');
  return (
    <>
      <Tooltip title={`${identity.user.username}, ${role}`}>
        <IconButton
          aria-label="Account"
          aria-haspopup="menu"
          color="inherit"
          onClick={(event) => setAnchor(event.currentTarget)}
        >
          <AccountCircle />
        </IconButton>
      </Tooltip>
      <Menu open={anchor !== undefined} anchorEl={anchor} onClose={close}>
        <MenuItem disabled sx={{ '&.Mui-disabled': { opacity: 1 } }}>
          <ListItemText primary={identity.user.username} secondary={role} />
        </MenuItem>
        <Divider component="li" />
        <MenuItem onClick={colors.toggle}>
          <ListItemIcon>
            {colors.mode === 'dark' ? <LightMode fontSize="small" /> : <DarkMode fontSize="small" />}
          </ListItemIcon>
          <ListItemText>{colors.mode === 'dark' ? 'Light colours' : 'Dark colours'}</ListItemText>
        </MenuItem>
        <MenuItem component="a" href="/api/docs/" target="_blank" rel="noreferrer" onClick={close}>
          <ListItemIcon>
            <MenuBook fontSize="small" />
          </ListItemIcon>
          <ListItemText>API documentation</ListItemText>
        </MenuItem>
        <MenuItem onClick={() => void session.signOut()}>
          <ListItemIcon>
            <Logout fontSize="small" />
          </ListItemIcon>
          <ListItemText>Sign out</ListItemText>
        </MenuItem>
      </Menu>
    </>
  );
}
