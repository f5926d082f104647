/** What a node says to those who watch it: metrics, whether it is alive, whether it is ready. */
export { type LoggerOptions, type LogLevel, openLogger } from './logger.ts'
export { clusterStatus, health, ready } from './health.ts'
export { METRICS_CONTENT_TYPE, metricsText } from './metrics-text.ts'
