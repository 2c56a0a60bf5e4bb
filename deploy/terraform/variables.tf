variable "project" {
  description = "Project ID."
  type        = string
}

variable "region" {
  description = "Of the service, its queue and its schedules."
  type        = string
}

variable "location" {
  description = "Of the datasets: EU, US or a region. A dataset cannot move."
  type        = string
}

variable "service" {
  description = "Name of the service, and the beginning of all other names."
  type        = string
  default     = "headrace"
}

variable "image" {
  description = "Image of the function, as a build of this clone has pushed it (deploy/cloudbuild.yaml)."
  type        = string
}

variable "connectors" {
  description = "Connector name => when it runs. An empty cron means by hand or by message only."
  type = map(object({
    cron      = optional(string, "")
    time_zone = optional(string, "Etc/UTC")
  }))
}

variable "secrets" {
  description = "Names of the secrets that the connectors read."
  type        = set(string)
  default     = []
}

variable "token_secrets" {
  description = "Those among them to which renewed tokens are saved."
  type        = set(string)
  default     = []
}

variable "env" {
  description = "Further variables of the service."
  type        = map(string)
  default     = {}
}

variable "pubsub" {
  description = "Whether a topic starts runs too."
  type        = bool
  default     = false
}

variable "notification_channels" {
  description = "Who is told of failed, late and empty runs: names of notification channels."
  type        = list(string)
  default     = []
}

variable "invokers" {
  description = "Further members that may call the service, such as user:ann@acme.example; allUsers only with HEADRACE_INBOUND=verify."
  type        = list(string)
  default     = []
}

variable "static_ip" {
  description = "Whether providers see one address that stays the same: a network, a router and Cloud NAT, about 4 USD a month and more by traffic."
  type        = bool
  default     = false
}
