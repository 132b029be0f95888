"""Evaluation: ROUGE that is right for Arabic and English, its companions, data sets, the batch run, reports."""
