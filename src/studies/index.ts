import { InputError } from '../core/errors';
import { curriculum } from './library/curriculum';
import { positionEncodings } from './library/positionEncodings';
import type { Study } from './study';

/** Every study that can be run, in the order they are best done. */
export const STUDIES: readonly Study[] = [positionEncodings, curriculum];

export function studyNamed(name: string): Study {
  const study = STUDIES.find((candidate) => candidate.name === name);
  if (!study)
    throw new InputError('study', `one of ${STUDIES.map((candidate) => candidate.name).join(', ')}`, name, 'choose one');
  return study;
}
