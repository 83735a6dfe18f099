import { expect, test } from 'vitest';
import { label, words } from './label';

test.each([
  ['due_date', 'Due date'],
  ['by-status', 'By status'],
  ['ServiceAccount', 'Service account'],
  ['request_id', 'Request ID'],
  ['tenants.members', 'Tenants members'],
  ['is_active', 'Active'],
  ['is', 'Is'],
  ['kid', 'Key ID'],
  ['client_kid', 'Client key ID'],
  ['callbackUrl', 'Callback URL'],
  ['record_ids', 'Record IDs'],
  ['kids', 'Kids'],
  ['', ''],
])('%s reads %s', (name, text) => {
  expect(label(name)).toBe(text);
});

test.each([
  ['token_exchanged', 'Token exchanged'],
  ['service-accounts', 'Service accounts'],
  ['created', 'Created'],
  ['by_ip', 'By IP'],
  ['EdDSA', 'EdDSA'],
  ['', ''],
])('the value %s reads %s', (value, text) => {
  expect(words(value)).toBe(text);
});
