import type { Millis } from '../../../core/clock.ts'
import type { NetworkReport } from './types.ts'

export const SCORE_STATES = ['unknown', 'provisional', 'established'] as const
/** No sample yet; a number to look at; a number to earn by. */
export type ScoreState = (typeof SCORE_STATES)[number]

/** What a score is made of; whole points, at most 400, 250, 200 and 150. */
export type ScoreParts = {
  readonly uptime: number
  readonly loss: number
  readonly latency: number
  readonly stability: number
}

export type Score = {
  readonly state: ScoreState
  readonly samples: number
  readonly firstSampleAt: Millis | null
  /** The smoothed score in thousandths, 0 to 1,000,000. */
  readonly smoothed: number
  /** The score that the rate was last computed from; it follows in steps. Null before the first sample. */
  readonly stepped: number | null
  /** Of the last sample, before smoothing; null before the first sample. */
  readonly parts: ScoreParts | null
}

export const NO_SCORE: Score = {
  state: 'unknown',
  samples: 0,
  firstSampleAt: null,
  smoothed: 0,
  stepped: null,
  parts: null,
}

export type ScoreThresholds = {
  readonly establishedSamples: number
  readonly establishedAfter: number
  readonly scoreStep: number
}

/** One report and the last 24 hours (uptime in ms). */
export type Measurement = {
  readonly at: Millis
  readonly uptime: number
  readonly disconnects: number
  readonly networks: readonly Pick<NetworkReport, 'loss' | 'rtt'>[]
}

/** The score as shown, 0 to 1000; null while unknown. */
export function shownScore(score: Score): number | null {
  return score.state === 'unknown' ? null : Math.round(score.smoothed / 1000)
}

/**
 * Takes one report in. The sample is the sum of its parts; the score moves an eighth of the way towards it
 * (the first sample is taken as it is). Source: our own proposal, explained in docs/GUIDE-rewards.md.
 */
export function nextScore(score: Score, measured: Measurement, thresholds: ScoreThresholds): Score {
  const parts = scoreParts(measured)
  const sample = (parts.uptime + parts.loss + parts.latency + parts.stability) * 1000
  const smoothed =
    score.samples === 0 ? sample : score.smoothed + Math.trunc((sample - score.smoothed) / SMOOTHING)
  const samples = score.samples + 1
  const firstSampleAt = score.firstSampleAt ?? measured.at
  const state = stateOf(score.state, samples, measured.at - firstSampleAt, thresholds)
  const shown = Math.round(smoothed / 1000)
  const steps =
    score.stepped === null || state !== score.state || Math.abs(shown - score.stepped) >= thresholds.scoreStep
  return { state, samples, firstSampleAt, smoothed, stepped: steps ? shown : score.stepped, parts }
}

const SMOOTHING = 8

const DAY = 24 * 3_600_000

/**
 * 400 x uptime over 24 h + 250 x (1 - loss / 5 %) + 200 x (400 ms - rtt) / 350 ms + 150 x (1 - disconnects
 * over 24 h / 24), each part kept within its bounds and floored. Loss is the mean over the report's networks,
 * rtt their median.
 */
export function scoreParts(measured: Measurement): ScoreParts {
  const losses = measured.networks.map((network) => network.loss)
  const loss = losses.reduce((sum, value) => sum + value, 0) / Math.max(1, losses.length)
  const rtt = median(measured.networks.map((network) => network.rtt))
  return {
    uptime: part(400, measured.uptime / DAY),
    loss: part(250, 1 - loss / 5),
    latency: part(200, (400 - rtt) / 350),
    stability: part(150, 1 - measured.disconnects / 24),
  }
}

/** The middle one; of an even number, the mean of the two in the middle. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const upper = sorted[sorted.length >> 1] ?? 0
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[(sorted.length >> 1) - 1] ?? upper)) / 2
}

function part(weight: number, ratio: number): number {
  return Math.floor(weight * Math.min(1, Math.max(0, ratio)))
}

/**
 * Established stays established: a device keeps its standing over a night offline, and its uptime part tells
 * of the night.
 */
function stateOf(before: ScoreState, samples: number, age: number, thresholds: ScoreThresholds): ScoreState {
  if (before === 'established') return before
  const enough = samples >= thresholds.establishedSamples && age >= thresholds.establishedAfter
  return enough ? 'established' : 'provisional'
}
