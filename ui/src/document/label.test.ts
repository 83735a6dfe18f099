import { expect, test } from 'vitest';
import { label } from './label';

test.each([
  ['due_date', 'Due date'],
  ['by-status', 'By status'],
  ['ServiceAccount', 'Service account'],
  ['request_id', 'Request ID'],
  ['tenants.members', 'Tenants members'],
  ['is_active', 'Active'],
  ['is', 'Is'],
  ['', ''],
])('%s reads %s', (name, text) => {
  expect(label(name)).toBe(text);
});
