//! One answer of the stand-in, in the shapes that the real service uses.

use serde_json::{Value, json};

/// A status and a body.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
    pub(super) retry_after: Option<u64>,
    pub(super) request_id: String,
}

impl Answer {
    pub(super) fn json(status: u16, value: &Value) -> Self {
        Self {
            status,
            content_type: "application/json",
            body: value.to_string().into_bytes(),
            retry_after: None,
            request_id: String::new(),
        }
    }

    pub(super) fn ok(value: &Value) -> Self {
        Self::json(200, value)
    }

    /// The Machines API's error body.
    pub(super) fn error(status: u16, message: &str) -> Self {
        let code = match status {
            401 => "unauthorized",
            403 => "forbidden",
            404 => "not_found",
            409 => "conflict",
            412 => "failed_precondition",
            422 => "unprocessable_entity",
            429 => "rate_limited",
            _ => "unknown",
        };
        Self::json(status, &json!({"error": message, "status": code, "message": message}))
    }

    pub(super) fn html(status: u16, title: &str) -> Self {
        let body = format!("<!DOCTYPE html>\n<html><head><title>{title}</title></head></html>\n");
        Self {
            status,
            content_type: "text/html; charset=utf-8",
            body: body.into_bytes(),
            retry_after: None,
            request_id: String::new(),
        }
    }

    pub(super) fn reason(&self) -> &'static str {
        match self.status {
            200 => "OK",
            201 => "Created",
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            409 => "Conflict",
            412 => "Precondition Failed",
            422 => "Unprocessable Entity",
            429 => "Too Many Requests",
            500 => "Internal Server Error",
            502 => "Bad Gateway",
            503 => "Service Unavailable",
            504 => "Gateway Timeout",
            _ => "Status",
        }
    }
}
