import { github } from './github.ts'
import { google } from './google.ts'
import { hubspot } from './hubspot.ts'
import { linkedin } from './linkedin.ts'
import { microsoft } from './microsoft.ts'
import type { ProviderPreset } from './provider.ts'
import { quickbooks } from './quickbooks.ts'
import { salesforce } from './salesforce.ts'
import { shopify } from './shopify.ts'
import { slack } from './slack.ts'
import { xero } from './xero.ts'

export type { ProviderPreset, RedirectRule } from './provider.ts'

/** To add a provider: write its file, and add it here. */
export const providers = {
  github,
  google,
  hubspot,
  linkedin,
  microsoft,
  quickbooks,
  salesforce,
  shopify,
  slack,
  xero,
} as const satisfies Record<string, ProviderPreset>

export type ProviderName = keyof typeof providers

export const providerNames = Object.keys(providers) as ProviderName[]
