import Apartment from '@mui/icons-material/ApartmentOutlined';
import Article from '@mui/icons-material/ArticleOutlined';
import BarChart from '@mui/icons-material/BarChartOutlined';
import Checklist from '@mui/icons-material/ChecklistOutlined';
import Description from '@mui/icons-material/DescriptionOutlined';
import Folder from '@mui/icons-material/FolderOutlined';
import History from '@mui/icons-material/HistoryOutlined';
import Key from '@mui/icons-material/KeyOutlined';
import Person from '@mui/icons-material/PersonOutlined';
import type { SvgIconComponent } from '@mui/icons-material';
import type { Resource } from '../document/resource';
import { seriesOf } from '../document/series';
import { isBookkeeping } from '../fields/columns';

/** A picture for a resource, by what can be done with it. */
export function iconOf(resource: Resource): SvgIconComponent {
  const has = (name: string) => resource.fields.some((field) => field.name === name);
  if (seriesOf(resource)) return BarChart;
  if (has('slug')) return Apartment;
  if (has('username') || has('user')) return Person;
  if (has('client_id') || has('kid')) return Key;
  if (!resource.get && !resource.create) return History;
  if (resource.content) return Description;
  if (resource.actions.length > 0) return Checklist;
  if (resource.fields.some((field) => field.kind === 'reference' && !isBookkeeping(field))) return Article;
  return Folder;
}
