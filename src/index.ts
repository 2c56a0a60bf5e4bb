import { http } from '@google-cloud/functions-framework'
import { createEntry } from './triggers/entry.ts'
import { keepRequests } from './triggers/framework.ts'

keepRequests()
http('headrace', createEntry(process.env))
