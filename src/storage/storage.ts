// The interface lies in core, so that the journal can rest on it without knowing an adapter.
export { type Storage, StorageFailure, type Sync } from '../core/storage.ts'
