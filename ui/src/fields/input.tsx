import type { ReactNode } from 'react';
import {
  AutocompleteInput,
  BooleanInput,
  DateInput,
  DateTimeInput,
  maxLength,
  maxValue,
  minLength,
  minValue,
  NumberInput,
  PasswordInput,
  ReferenceInput,
  required,
  SelectInput,
  TextInput,
  type Validator,
} from 'react-admin';
import { useBuilt } from '../catalog';
import type { Field } from '../document/field';
import { words } from '../document/label';
import { JsonInput, isJson } from './json-input';
import { represent } from './represent';

interface Props {
  field: Field;
  /** Whether it must be given here. */
  needed: boolean;
  disabled?: boolean;
}

/** Asks for a field's value. What may be given is checked as the server checks it, which has the last word. */
export function Input({ field, needed, disabled }: Props): ReactNode {
  const common = {
    source: field.name,
    label: field.label,
    helperText: field.help || false,
    validate: checks(field, needed),
    disabled,
    readOnly: disabled,
  } as const;
  switch (field.kind) {
    case 'choice':
      return (
        <SelectInput
          {...common}
          choices={choicesOf(field)}
          resettable={field.nullable}
          emptyText={field.nullable ? '–' : undefined}
        />
      );
    case 'boolean':
      return <BooleanInput {...common} />;
    case 'number':
    case 'bytes':
      return <NumberInput {...common} step={field.integer ? 1 : 'any'} />;
    case 'date':
      return <DateInput {...common} />;
    case 'time':
      return <DateTimeInput {...common} />;
    case 'reference':
      return <ReferencePicker {...common} field={field} />;
    case 'json':
    case 'object':
      return <JsonInput {...common} />;
    case 'secret':
      return <PasswordInput {...common} slotProps={{ htmlInput: { autoComplete: 'new-password' } }} />;
    case 'long':
      return <TextInput {...common} multiline minRows={3} />;
    default:
      return <TextInput {...common} />;
  }
}

export function choicesOf(field: Field): { id: string; name: string }[] {
  return field.choices.map((one) => ({ id: one, name: words(one) }));
}

function checks(field: Field, needed: boolean): Validator[] {
  const out: Validator[] = [];
  if (needed) out.push(required());
  if (field.minLength !== undefined) out.push(minLength(field.minLength));
  if (field.maxLength !== undefined && field.kind !== 'json') out.push(maxLength(field.maxLength));
  if (field.minimum !== undefined) out.push(minValue(field.minimum));
  if (field.maximum !== undefined) out.push(maxValue(field.maximum));
  if (field.kind === 'json' || field.kind === 'object') out.push(isJson);
  return out;
}

interface PickerProps {
  field: Field;
  source: string;
  label: string;
  helperText?: string | false;
  validate?: Validator[];
  disabled?: boolean;
  readOnly?: boolean;
  alwaysOn?: boolean;
}

/** Finds the record that a reference is to name, by what people know it by. */
export function ReferencePicker({
  field,
  source,
  label,
  helperText,
  validate,
  disabled,
  readOnly,
}: PickerProps) {
  const { catalog } = useBuilt();
  const { resource: name = '', by = 'id' } = field.ref ?? {};
  const target = catalog.resources.find((resource) => resource.name === name);
  if (!target)
    return (
      <TextInput
        source={source}
        label={label}
        helperText={helperText}
        validate={validate}
        disabled={disabled}
      />
    );
  const sort = target.sorts.includes(target.title)
    ? { field: target.title, order: 'ASC' as const }
    : undefined;
  const search = (text: string) => (text && target.searchable ? { q: text } : {});
  return (
    <ReferenceInput source={source} reference={by === 'id' ? name : `${name}@${by}`} sort={sort} perPage={25}>
      <AutocompleteInput
        label={label}
        helperText={helperText}
        validate={validate}
        disabled={disabled}
        readOnly={readOnly}
        optionText={(record) => represent(target, record)}
        filterToQuery={search}
        matchSuggestion={target.searchable ? () => true : undefined}
        debounce={300}
      />
    </ReferenceInput>
  );
}
