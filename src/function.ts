import { cloudEvent, http } from '@google-cloud/functions-framework'
import { tuneHeap } from './base/heap.ts'
import { createEntry } from './triggers/entry.ts'
import { checkEventDoor, createEventTarget } from './triggers/event-target.ts'
import { eventTarget, keepRequests, servesEvents } from './triggers/framework.ts'

tuneHeap()
if (servesEvents(process.argv, process.env)) checkEventDoor(process.env)
else keepRequests()
http('headrace', createEntry(process.env))
cloudEvent(eventTarget, createEventTarget(process.env))
