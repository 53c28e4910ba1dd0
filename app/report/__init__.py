"""A round as one HTML file: interactive figures, every number and where it comes from, no network needed."""

from app.report.build import build_report, report_name

__all__ = ["build_report", "report_name"]
