import { TextField } from '@mui/material';
import { useEffect, useId, useRef, useState } from 'react';
import { FieldTitle, InputHelperText, useInput, type Validator } from 'react-admin';

/** A text that can't be read as an object is kept in the form as it is, for this to complain about. */
export const isJson: Validator = (value: unknown) =>
  typeof value === 'string' ? problemOf(value) : undefined;

function problemOf(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = value !== null && typeof value === 'object' && !Array.isArray(value);
    return isObject ? undefined : 'This has to be a JSON object: {"name": "value"}.';
  } catch (error) {
    return `This is no JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

const pretty = (value: unknown) =>
  value === null || value === undefined ? '' : JSON.stringify(value, null, 2);

interface Props {
  source: string;
  label: string;
  helperText?: string | false;
  validate?: Validator[];
  disabled?: boolean;
}

/** An editor for a JSON object. It is brought into form when the cursor leaves it. */
export function JsonInput({ source, label, helperText, validate, disabled }: Props) {
  const { field, fieldState, isRequired } = useInput({ source, validate, format: keep, parse: keep });
  const [text, setText] = useState(() =>
    typeof field.value === 'string' ? field.value : pretty(field.value),
  );
  const written = useRef<unknown>(field.value);
  const id = useId();

  useEffect(() => {
    if (field.value === written.current) return;
    written.current = field.value;
    setText(typeof field.value === 'string' ? field.value : pretty(field.value));
  }, [field.value]);

  function change(next: string) {
    setText(next);
    written.current = next.trim() === '' ? {} : problemOf(next) === undefined ? JSON.parse(next) : next;
    field.onChange(written.current);
  }

  function leave() {
    if (typeof field.value !== 'string') setText(pretty(field.value));
    field.onBlur();
  }

  const { invalid, error } = fieldState;
  return (
    <TextField
      id={id}
      label={<FieldTitle label={label} source={source} isRequired={isRequired} />}
      multiline
      minRows={4}
      maxRows={24}
      fullWidth
      value={text}
      disabled={disabled}
      error={invalid}
      onChange={(event) => change(event.target.value)}
      onBlur={leave}
      helperText={<InputHelperText error={error?.message} helperText={helperText} />}
      slotProps={{
        htmlInput: {
          spellCheck: false,
          style: { fontFamily: 'ui-monospace, monospace', fontSize: '0.875rem' },
        },
      }}
    />
  );
}

function keep<T>(value: T): T {
  return value;
}
