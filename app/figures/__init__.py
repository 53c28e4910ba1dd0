"""Figures as functions of tables; no Streamlit here."""
