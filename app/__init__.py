"""The dashboard: Streamlit pages that submit, read and draw; nothing is computed here."""
