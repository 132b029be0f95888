"""The bundled model: a tied encoder-decoder on the Gemma 3 stack (see ``modeling_khulasa``)."""
