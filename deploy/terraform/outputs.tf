output "url" {
  description = "Of the service; callers ask for identity tokens with it as their audience."
  value       = local.url
}

output "run_account" {
  description = "What the function runs as: grant it what further secrets and datasets need."
  value       = google_service_account.run.email
}
