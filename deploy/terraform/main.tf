# The same as `headrace deploy`, for teams that keep their projects in Terraform.

terraform {
  required_version = ">= 1.9"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.0"
    }
  }
}

provider "google" {
  project = var.project
  region  = var.region
}

data "google_project" "this" {}

locals {
  url       = "https://${var.service}-${data.google_project.this.number}.${var.region}.run.app"
  scheduled = { for name, connector in var.connectors : name => connector if connector.cron != "" }
  datasets  = { for name in keys(var.connectors) : name => replace(name, "-", "_") }
  budget    = 1700 # Scheduler and Cloud Tasks give up on an attempt after 1800 s.
}

resource "google_project_service" "apis" {
  for_each = toset(concat([
    "artifactregistry", "bigquery", "cloudbuild", "cloudscheduler", "cloudtasks", "iam",
    "logging", "monitoring", "pubsub", "run", "secretmanager",
  ], var.static_ip ? ["compute"] : []))
  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}

# Who runs it and who calls it.

resource "google_service_account" "run" {
  account_id   = "${var.service}-run"
  display_name = "${var.service}: runs the function"
}

resource "google_service_account" "call" {
  account_id   = "${var.service}-call"
  display_name = "${var.service}: calls the function"
}

resource "google_project_iam_member" "jobs" {
  project = var.project
  role    = "roles/bigquery.jobUser"
  member  = google_service_account.run.member
}

resource "google_service_account_iam_member" "tasks_as_call" {
  service_account_id = google_service_account.call.name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.run.member
}

# Secrets: their values are added by hand, or by `headrace connect`.

resource "google_secret_manager_secret" "secrets" {
  for_each  = setunion(var.secrets, var.token_secrets)
  secret_id = each.key
  replication {
    auto {}
  }
  lifecycle {
    prevent_destroy = true
    # The lease of a token that is being renewed is kept there.
    ignore_changes = [annotations, labels]
  }
  depends_on = [google_project_service.apis]
}

resource "google_secret_manager_secret_iam_member" "read" {
  for_each  = google_secret_manager_secret.secrets
  secret_id = each.value.id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.run.member
}

resource "google_project_iam_custom_role" "tokens" {
  count   = length(var.token_secrets) > 0 ? 1 : 0
  role_id = "${replace(var.service, "-", "_")}_tokens"
  title   = "Saves rotated tokens"
  permissions = [
    "secretmanager.secrets.get",
    "secretmanager.secrets.update",
    "secretmanager.versions.add",
    "secretmanager.versions.destroy",
    "secretmanager.versions.disable",
    "secretmanager.versions.get",
    "secretmanager.versions.list",
  ]
}

resource "google_secret_manager_secret_iam_member" "write" {
  for_each  = var.token_secrets
  secret_id = google_secret_manager_secret.secrets[each.key].id
  role      = google_project_iam_custom_role.tokens[0].name
  member    = google_service_account.run.member
}

# Where the rows go: a dataset for each connector.

resource "google_bigquery_dataset" "connectors" {
  for_each    = local.datasets
  dataset_id  = each.value
  location    = var.location
  description = "Written by headrace"
  lifecycle {
    prevent_destroy = true
  }
  depends_on = [google_project_service.apis]
}

# Batches lie here until they are committed; what a killed run leaves goes by itself.

resource "google_bigquery_dataset" "staging" {
  for_each                    = local.datasets
  dataset_id                  = "${each.value}__staging"
  location                    = var.location
  description                 = "Written by headrace"
  default_table_expiration_ms = 86400000
  delete_contents_on_destroy  = true
  depends_on                  = [google_project_service.apis]
}

resource "google_bigquery_dataset_iam_member" "write_staging" {
  for_each   = google_bigquery_dataset.staging
  dataset_id = each.value.dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.run.member
}

resource "google_bigquery_dataset_iam_member" "write" {
  for_each   = google_bigquery_dataset.connectors
  dataset_id = each.value.dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.run.member
}

# The service, and the queue on which a run that stops at its budget hands over.

resource "google_cloud_tasks_queue" "continuations" {
  name     = var.service
  location = var.region
  rate_limits {
    max_concurrent_dispatches = 10
  }
  retry_config {
    max_attempts  = 20
    min_backoff   = "10s"
    max_backoff   = "600s"
    max_doublings = 5
  }
  depends_on = [google_project_service.apis]
}

resource "google_cloud_tasks_queue_iam_member" "enqueue" {
  name     = google_cloud_tasks_queue.continuations.name
  location = var.region
  role     = "roles/cloudtasks.enqueuer"
  member   = google_service_account.run.member
}

# With static_ip calls to providers leave by one address that stays, so that these can let it in.

resource "google_compute_network" "egress" {
  count                   = var.static_ip ? 1 : 0
  name                    = "${var.service}-egress"
  auto_create_subnetworks = false
  depends_on              = [google_project_service.apis]
}

resource "google_compute_subnetwork" "egress" {
  count                    = var.static_ip ? 1 : 0
  name                     = "${var.service}-egress"
  region                   = var.region
  network                  = google_compute_network.egress[0].id
  ip_cidr_range            = "10.130.0.0/26"
  private_ip_google_access = true
}

resource "google_compute_address" "egress" {
  count      = var.static_ip ? 1 : 0
  name       = "${var.service}-egress"
  region     = var.region
  depends_on = [google_project_service.apis]
}

resource "google_compute_router" "egress" {
  count   = var.static_ip ? 1 : 0
  name    = "${var.service}-egress"
  region  = var.region
  network = google_compute_network.egress[0].id
}

resource "google_compute_router_nat" "egress" {
  count                              = var.static_ip ? 1 : 0
  name                               = "${var.service}-egress"
  router                             = google_compute_router.egress[0].name
  region                             = var.region
  nat_ip_allocate_option             = "MANUAL_ONLY"
  nat_ips                            = [google_compute_address.egress[0].self_link]
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"
  subnetwork {
    name                    = google_compute_subnetwork.egress[0].id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }
}

resource "google_cloud_run_v2_service" "headrace" {
  name                = var.service
  location            = var.region
  ingress             = "INGRESS_TRAFFIC_ALL"
  deletion_protection = false

  template {
    service_account                  = google_service_account.run.email
    timeout                          = "3600s"
    max_instance_request_concurrency = 1
    scaling {
      max_instance_count = 10
    }
    dynamic "vpc_access" {
      for_each = google_compute_subnetwork.egress
      content {
        egress = "ALL_TRAFFIC"
        network_interfaces {
          network    = google_compute_network.egress[0].id
          subnetwork = vpc_access.value.id
        }
      }
    }
    containers {
      image = var.image
      resources {
        limits            = { cpu = "1", memory = "512Mi" }
        startup_cpu_boost = true
      }
      dynamic "env" {
        for_each = merge({
          GOOGLE_CLOUD_PROJECT    = var.project
          HEADRACE_BUDGET_SECONDS = tostring(local.budget)
          HEADRACE_CONNECTORS     = "connectors"
          HEADRACE_DESTINATION    = "bigquery:${var.project}?location=${var.location}"
          HEADRACE_INBOUND        = "iam"
          HEADRACE_QUEUE          = google_cloud_tasks_queue.continuations.id
          HEADRACE_TASKS_ACCOUNT  = google_service_account.call.email
          HEADRACE_URL            = local.url
        }, var.env)
        content {
          name  = env.key
          value = env.value
        }
      }
    }
  }
  depends_on = [google_project_service.apis]
}

# A binding, not a member: it takes the role from everybody else, allUsers above all.
resource "google_cloud_run_v2_service_iam_binding" "invoke" {
  name     = google_cloud_run_v2_service.headrace.name
  location = var.region
  role     = "roles/run.invoker"
  members  = concat([google_service_account.call.member], var.invokers)
}

# What calls it.

resource "google_cloud_scheduler_job" "schedules" {
  for_each         = local.scheduled
  name             = "${var.service}-${each.key}"
  region           = var.region
  schedule         = each.value.cron
  time_zone        = each.value.time_zone
  attempt_deadline = "1800s"
  retry_config {
    retry_count          = 3
    min_backoff_duration = "30s"
    max_backoff_duration = "600s"
  }
  http_target {
    uri         = "${local.url}/run/${each.key}"
    http_method = "POST"
    headers     = { "Content-Type" = "application/json" }
    body        = base64encode("{}")
    oidc_token {
      service_account_email = google_service_account.call.email
      audience              = local.url
    }
  }
  depends_on = [google_cloud_run_v2_service_iam_binding.invoke]
}

# Asks for the status now and then, so that a stream whose runs do not even begin leaves a line in the log.
resource "google_cloud_scheduler_job" "watch" {
  count            = length(var.notification_channels) > 0 ? 1 : 0
  name             = "${var.service}--watch"
  region           = var.region
  schedule         = "20 * * * *"
  time_zone        = "Etc/UTC"
  attempt_deadline = "1800s"
  retry_config {
    retry_count          = 3
    min_backoff_duration = "30s"
    max_backoff_duration = "600s"
  }
  http_target {
    uri         = "${local.url}/status.json"
    http_method = "GET"
    oidc_token {
      service_account_email = google_service_account.call.email
      audience              = local.url
    }
  }
  depends_on = [google_cloud_run_v2_service_iam_binding.invoke]
}

resource "google_pubsub_topic" "runs" {
  for_each = var.pubsub ? toset([var.service, "${var.service}-dead"]) : []
  name     = each.key
}

resource "google_pubsub_subscription" "push" {
  count                = var.pubsub ? 1 : 0
  name                 = var.service
  topic                = google_pubsub_topic.runs[var.service].id
  ack_deadline_seconds = 600
  push_config {
    push_endpoint = "${local.url}/"
    oidc_token {
      service_account_email = google_service_account.call.email
      audience              = local.url
    }
  }
  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.runs["${var.service}-dead"].id
    max_delivery_attempts = 5
  }
  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }
  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_subscription" "dead" {
  count                      = var.pubsub ? 1 : 0
  name                       = "${var.service}-dead"
  topic                      = google_pubsub_topic.runs["${var.service}-dead"].id
  message_retention_duration = "1209600s"
  expiration_policy {
    ttl = ""
  }
}

# Pub/Sub itself forwards the dead letters.

resource "google_pubsub_topic_iam_member" "forward" {
  count  = var.pubsub ? 1 : 0
  topic  = google_pubsub_topic.runs["${var.service}-dead"].id
  role   = "roles/pubsub.publisher"
  member = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

resource "google_pubsub_subscription_iam_member" "forward" {
  count        = var.pubsub ? 1 : 0
  subscription = google_pubsub_subscription.push[0].id
  role         = "roles/pubsub.subscriber"
  member       = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

# Who hears of what went wrong.

resource "google_logging_metric" "failed" {
  name        = "${var.service}-failed-runs"
  description = "Failed, late and empty runs"
  filter      = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${var.service}\" AND severity>=ERROR"
}

resource "google_monitoring_alert_policy" "failed" {
  count                 = length(var.notification_channels) > 0 ? 1 : 0
  display_name          = "${var.service}: a run failed, came late or brought nothing"
  combiner              = "OR"
  notification_channels = var.notification_channels
  conditions {
    display_name = "a run failed, came late or brought nothing"
    condition_threshold {
      filter          = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.failed.name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_DELTA"
      }
    }
  }
  alert_strategy {
    auto_close = "86400s"
  }
  documentation {
    content = "Open the status page of ${var.service}: it says what went wrong and what to do."
  }
}
