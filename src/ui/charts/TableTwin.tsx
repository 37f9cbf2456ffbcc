import type { LabState } from '../../store/labStore';
import { useLabThrottled } from '../labContext';
import type { TableData } from './csv';
import { DataTable } from './DataTable';

interface TableTwinProps {
  /** Also the file's name. */
  name: string;
  testId: string;
  table: (state: LabState) => TableData;
}

/** Rows beyond this are in the CSV only; the newest are kept, as they are what is being watched. */
const MAX_ROWS = 200;

/** The same values as the live picture above it. */
export function TableTwin({ name, testId, table }: TableTwinProps) {
  // A table that did not change keeps its identity, so this renders a few times a second at most.
  return <DataTable name={name} testId={testId} {...useLabThrottled(table, 500)} maxRows={MAX_ROWS} />;
}
