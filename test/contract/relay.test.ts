import { endsInOneProcess, endsInProcesses } from '../support/relay-ends.ts'
import { relayContract } from './relay.ts'

// Over Redis it is held in test/e2e/redis-contract.test.ts.
relayContract('one process', endsInOneProcess)
relayContract('processes of one host', endsInProcesses)
