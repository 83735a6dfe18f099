import { describe, expect, test } from 'vitest';
import { toneOf } from './tone';

describe('the tone of a choice', () => {
  test('rises with what it says', () => {
    expect(['low', 'medium', 'high', 'critical'].map(toneOf)).toEqual([
      'default',
      'info',
      'warning',
      'error',
    ]);
    expect(['todo', 'in_progress', 'done'].map(toneOf)).toEqual(['info', 'warning', 'success']);
    expect(['active', 'suspended', 'archived'].map(toneOf)).toEqual(['success', 'error', 'default']);
  });

  test('is calm for what nobody knows', () => {
    expect(['owner', 'inactivated', 'a pending one'].map(toneOf)).toEqual(['info', 'info', 'info']);
  });
});
