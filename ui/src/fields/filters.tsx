import type { ReactElement } from 'react';
import {
  DateInput,
  DateTimeInput,
  NullableBooleanInput,
  NumberInput,
  SearchInput,
  SelectArrayInput,
  TextInput,
} from 'react-admin';
import { searchFilter } from '../data/query';
import type { Filter } from '../document/filter';
import type { Resource } from '../document/resource';
import { choicesOf, ReferencePicker } from './input';

/** What a list can be narrowed by. The search is always there, the rest when it is asked for. */
export function filtersOf(resource: Resource): ReactElement[] {
  const filters = resource.filters.filter(({ field }) => field.name !== 'id').flatMap(inputsOf);
  if (!resource.searchable) return filters;
  return [
    <SearchInput
      key="search"
      source={searchFilter}
      alwaysOn
      placeholder={`Search ${resource.label.toLowerCase()}`}
      slotProps={{ htmlInput: { 'aria-label': 'Search' } }}
    />,
    ...filters,
  ];
}

function inputsOf(filter: Filter): ReactElement[] {
  const { field } = filter;
  switch (field.kind) {
    case 'choice':
      return several(filter);
    case 'boolean':
      return [<NullableBooleanInput key={field.name} source={field.name} label={field.label} />];
    case 'number':
    case 'bytes':
      return range(filter, NumberInput);
    case 'date':
      return [...range(filter, DateInput), ...emptiness(filter)];
    case 'time':
      return [...range(filter, DateTimeInput), ...emptiness(filter)];
    case 'reference':
      return [
        <ReferencePicker
          key={field.name}
          field={field}
          source={field.name}
          label={field.label}
          helperText={false}
        />,
        ...emptiness(filter),
      ];
    case 'word':
      return text(filter, 'As it is stored, with _ or - between words');
    case 'text':
    case 'long':
      return field.companionOf ? [] : text(filter);
    default:
      return [<TextInput key={field.name} source={field.name} label={field.label} />];
  }
}

function several({ field, lookups }: Filter): ReactElement[] {
  if (!lookups.has('in')) return [];
  return [
    <SelectArrayInput
      key={field.name}
      source={`${field.name}__in`}
      label={field.label}
      choices={choicesOf(field)}
    />,
  ];
}

function range(
  { field, lookups }: Filter,
  Part: typeof NumberInput | typeof DateInput | typeof DateTimeInput,
): ReactElement[] {
  const bounds = [
    ['gte', 'from'],
    ['lte', 'up to'],
  ] as const;
  return bounds
    .filter(([lookup]) => lookups.has(lookup))
    .map(([lookup, word]) => {
      const source = `${field.name}__${lookup}`;
      return <Part key={source} source={source} label={`${field.label} ${word}`} />;
    });
}

function emptiness({ field, lookups }: Filter): ReactElement[] {
  if (!lookups.has('isnull')) return [];
  const source = `${field.name}__isnull`;
  return [<NullableBooleanInput key={source} source={source} label={`${field.label} is empty`} />];
}

function text({ field, lookups }: Filter, help: string | false = false): ReactElement[] {
  if (lookups.has('icontains')) {
    const source = `${field.name}__icontains`;
    return [<TextInput key={source} source={source} label={`${field.label} contains`} helperText={help} />];
  }
  return [<TextInput key={field.name} source={field.name} label={field.label} helperText={help} />];
}
