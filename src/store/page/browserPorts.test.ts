import { expect, it } from 'vitest';
import { tuningSeconds } from './browserPorts';

it.each([
  ['', undefined],
  ['?tuning=off', 0],
  ['?other=1&tuning=2.5', 2.5],
  ['?tuning=', undefined],
  ['?tuning=soon', undefined],
  ['?tuning=-1', undefined],
])('the address %j gives tuning %j seconds', (search, seconds) => {
  expect(tuningSeconds(search)).toBe(seconds);
});
