/** Types of both directions between the page and the lab's worker: the session's own interface. Nothing here has a value. */
export type {
  AdapterSummary,
  CheckpointSummary,
  GenerateOptions,
  GenerateResult,
  LabApi,
  LabEvent,
  LabFacts,
  LiveChanges,
  OpenOptions,
  SourceSummary,
} from '../session/api';
