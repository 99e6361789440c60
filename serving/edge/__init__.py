"""The page without a server: a folder with the champions, the page and ONNX Runtime Web.

Not here: the page (`serving/page`), predictions of the service (`migraine_assets.prediction`).
"""
