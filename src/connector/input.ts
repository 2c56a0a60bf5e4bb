import type { z } from 'zod'
import type { connectorConfig } from './connector.ts'

/** A connector as a person writes it. In the package it is written out, generated from the same schema. */
export type ConnectorInput = z.input<typeof connectorConfig>
