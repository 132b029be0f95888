"""Configuration of the bundled model, as transformers wants it."""

from __future__ import annotations

from typing import Any

from transformers import PretrainedConfig

MODEL_TYPE = "khulasa"


class KhulasaConfig(PretrainedConfig):
    """Shape of a tied encoder-decoder; the defaults are the bundled model's (Gemma 3 270M with a cut vocabulary).

    Args:
        vocab_size: pieces of the SentencePiece model.
        hidden_size, intermediate_size: width of the residual stream and of the gated feed-forward layer.
        num_hidden_layers, num_attention_heads, num_key_value_heads, head_dim: the stack; encoder and decoder are
            the same layers.
        query_pre_attn_scalar: attention scores are divided by its square root.
        rms_norm_eps: added to the mean square in every RMSNorm.
        global_layers: indices of the layers that attend everywhere; the others see ``window`` positions.
        window: positions that a local layer sees, its own included.
        rope_theta_global, rope_theta_local: RoPE bases of the two kinds of layer.
        encoder_attention: ``"causal"`` (as the weights were pretrained) or ``"bidirectional"``.
        max_source_tokens: tokens that the encoder was trained to read.
    """

    model_type = MODEL_TYPE
    keys_to_ignore_at_inference = ["cache", "past_key_values"]  # noqa: RUF012 - transformers' own convention

    def __init__(
        self,
        vocab_size: int = 48864,
        hidden_size: int = 640,
        intermediate_size: int = 2048,
        num_hidden_layers: int = 18,
        num_attention_heads: int = 4,
        num_key_value_heads: int = 1,
        head_dim: int = 256,
        query_pre_attn_scalar: float = 256.0,
        rms_norm_eps: float = 1e-6,
        global_layers: tuple[int, ...] | list[int] = (5, 11, 17),
        window: int = 512,
        rope_theta_global: float = 1e6,
        rope_theta_local: float = 1e4,
        encoder_attention: str = "causal",
        max_source_tokens: int = 1024,
        initializer_range: float = 0.02,
        pad_token_id: int = 0,
        eos_token_id: int = 1,
        bos_token_id: int = 2,
        decoder_start_token_id: int = 21,
        tie_word_embeddings: bool = True,
        is_encoder_decoder: bool = True,
        use_cache: bool = True,
        **kwargs: Any,
    ) -> None:
        if encoder_attention not in ("causal", "bidirectional"):
            raise ValueError(f"encoder_attention={encoder_attention!r} is neither 'causal' nor 'bidirectional'")
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.intermediate_size = intermediate_size
        self.num_hidden_layers = num_hidden_layers
        self.num_attention_heads = num_attention_heads
        self.num_key_value_heads = num_key_value_heads
        self.head_dim = head_dim
        self.query_pre_attn_scalar = query_pre_attn_scalar
        self.rms_norm_eps = rms_norm_eps
        self.global_layers = list(global_layers)
        self.window = window
        self.rope_theta_global = rope_theta_global
        self.rope_theta_local = rope_theta_local
        self.encoder_attention = encoder_attention
        self.max_source_tokens = max_source_tokens
        self.initializer_range = initializer_range
        self.use_cache = use_cache
        self.decoder_start_token_id = decoder_start_token_id
        super().__init__(
            pad_token_id=pad_token_id,
            eos_token_id=eos_token_id,
            bos_token_id=bos_token_id,
            decoder_start_token_id=decoder_start_token_id,
            tie_word_embeddings=tie_word_embeddings,
            is_encoder_decoder=is_encoder_decoder,
            **kwargs,
        )
