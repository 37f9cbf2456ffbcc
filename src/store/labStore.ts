import { createStore, type StoreApi } from 'zustand/vanilla';
import { createInterventionsSlice, type InterventionsSlice } from './interventionsSlice';
import { createLabSlice, type LabSlice } from './labSlice';
import { Connection } from './page/connection';
import type { StorePorts } from './page/ports';
import { createProfileSlice, type ProfileSlice } from './profileSlice';
import { createRecipeSlice, type RecipeSlice } from './recipe/recipeSlice';
import { createRunsSlice, type RunsSlice } from './runsSlice';
import { createSamplesSlice, type SamplesSlice } from './samplesSlice';
import { createSelectionSlice, type SelectionSlice } from './selectionSlice';
import { createStudiesSlice, type StudiesSlice } from './studiesSlice';
import { createSweepSlice, type SweepSlice } from './sweepSlice';

export type LabState = LabSlice &
  RunsSlice &
  RecipeSlice &
  SelectionSlice &
  SamplesSlice &
  ProfileSlice &
  StudiesSlice &
  InterventionsSlice &
  SweepSlice;
export type LabStore = StoreApi<LabState>;

/** The page's whole state, without React: slices over one connection to the worker. */
export function createLabStore(ports: StorePorts): LabStore {
  const connection = new Connection(ports);
  return createStore<LabState>()((...context) => ({
    ...createLabSlice(ports, connection)(...context),
    ...createRunsSlice(connection)(...context),
    ...createRecipeSlice(ports, connection)(...context),
    ...createSelectionSlice(...context),
    ...createSamplesSlice(connection)(...context),
    ...createProfileSlice(connection)(...context),
    ...createStudiesSlice(ports)(...context),
    ...createInterventionsSlice(connection)(...context),
    ...createSweepSlice(connection)(...context),
  }));
}
