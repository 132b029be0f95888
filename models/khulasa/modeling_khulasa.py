"""The bundled model as a transformers ``PreTrainedModel``: a tied encoder-decoder with merged attention.

One stack of Gemma 3 layers is both the encoder, over the document, and the decoder, over the summary. A decoder
position attends, in one softmax, to the encoder's keys and values *of the same layer* and to its own past (merged
self- and cross-attention). Decoder positions go on from the document's length, so that with a causal encoder the
pair computes just what the decoder-only model computes over document and summary in one sequence.

Shapes in the comments: B batch, n source tokens, t new decoder tokens, s decoder tokens so far (t included),
D hidden size, H query heads, G key-value heads, d head size, L layers, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import GenerationMixin, PreTrainedModel
from transformers.cache_utils import DynamicCache, EncoderDecoderCache
from transformers.utils import ModelOutput

from .configuration_khulasa import KhulasaConfig


@dataclass
class KhulasaEncoderOutput(ModelOutput):
    """What the encoder leaves for the decoder.

    last_hidden_state: ``[B, n, D]`` after the final norm.
    keys_values: ``[B, L, 2, G, n, d]``, rotated keys and values of every layer.
    """

    last_hidden_state: Tensor | None = None
    keys_values: Tensor | None = None


@dataclass
class KhulasaOutput(ModelOutput):
    """loss: scalar, when labels were given; logits: ``[B, t, V]``; cache: the ``EncoderDecoderCache`` in use."""

    loss: Tensor | None = None
    logits: Tensor | None = None
    cache: EncoderDecoderCache | None = None
    encoder_last_hidden_state: Tensor | None = None
    keys_values: Tensor | None = None


class KhulasaRMSNorm(nn.Module):
    """Root mean square norm in float32, scaled by ``1 + weight`` as Gemma does."""

    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(size))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        y = x.float()
        y = y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + self.eps)
        return (y * (1.0 + self.weight.float())).type_as(x)


def rotary(positions: Tensor, theta: float, head_dim: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Cosines and sines ``[..., d]`` for integer ``positions [...]`` (RoPE, halves rotated against each other)."""
    steps = torch.arange(0, head_dim, 2, device=positions.device, dtype=torch.float32) / head_dim
    angles = positions.float()[..., None] / theta**steps
    angles = torch.cat([angles, angles], dim=-1)
    return angles.cos().to(dtype), angles.sin().to(dtype)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turns ``x [B, heads, t, d]`` by ``cos, sin [B, 1, t, d]``."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-second, first], dim=-1) * sin


class KhulasaAttention(nn.Module):
    def __init__(self, config: KhulasaConfig) -> None:
        super().__init__()
        self.heads, self.groups, self.head_dim = (
            config.num_attention_heads,
            config.num_key_value_heads,
            config.head_dim,
        )
        self.scale = config.query_pre_attn_scalar**-0.5
        self.q_proj = nn.Linear(config.hidden_size, self.heads * self.head_dim, bias=False)
        self.k_proj = nn.Linear(config.hidden_size, self.groups * self.head_dim, bias=False)
        self.v_proj = nn.Linear(config.hidden_size, self.groups * self.head_dim, bias=False)
        self.o_proj = nn.Linear(self.heads * self.head_dim, config.hidden_size, bias=False)
        self.q_norm = KhulasaRMSNorm(self.head_dim, config.rms_norm_eps)
        self.k_norm = KhulasaRMSNorm(self.head_dim, config.rms_norm_eps)

    def project(self, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """``x [B, t, D]`` to queries ``[B, H, t, d]``, keys and values ``[B, G, t, d]``, rotated."""
        batch, length, _ = x.shape
        q = self.q_proj(x).view(batch, length, self.heads, self.head_dim).transpose(1, 2)
        k = self.k_proj(x).view(batch, length, self.groups, self.head_dim).transpose(1, 2)
        v = self.v_proj(x).view(batch, length, self.groups, self.head_dim).transpose(1, 2)
        return rotate(self.q_norm(q), cos, sin), rotate(self.k_norm(k), cos, sin), v

    def attend(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
        """``mask [B, 1, t, keys]``, True where a query sees a key; gives ``[B, t, D]``."""
        batch, _, length, _ = q.shape
        share = self.heads // self.groups
        k, v = k.repeat_interleave(share, dim=1), v.repeat_interleave(share, dim=1)
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=self.scale)
        return self.o_proj(out.transpose(1, 2).reshape(batch, length, self.heads * self.head_dim))


class KhulasaMLP(nn.Module):
    def __init__(self, config: KhulasaConfig) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.gelu(self.gate_proj(x), approximate="tanh") * self.up_proj(x))


class KhulasaLayer(nn.Module):
    """One layer, of the encoder and the decoder alike; it takes the keys and values to attend to from its caller."""

    def __init__(self, config: KhulasaConfig, index: int) -> None:
        super().__init__()
        self.everywhere = index in config.global_layers
        self.self_attn = KhulasaAttention(config)
        self.mlp = KhulasaMLP(config)
        self.input_layernorm = KhulasaRMSNorm(config.hidden_size, config.rms_norm_eps)
        self.post_attention_layernorm = KhulasaRMSNorm(config.hidden_size, config.rms_norm_eps)
        self.pre_feedforward_layernorm = KhulasaRMSNorm(config.hidden_size, config.rms_norm_eps)
        self.post_feedforward_layernorm = KhulasaRMSNorm(config.hidden_size, config.rms_norm_eps)

    def project(self, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.self_attn.project(self.input_layernorm(x), cos, sin)

    def finish(self, x: Tensor, q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
        x = x + self.post_attention_layernorm(self.self_attn.attend(q, k, v, mask))
        return x + self.post_feedforward_layernorm(self.mlp(self.pre_feedforward_layernorm(x)))


class KhulasaPreTrainedModel(PreTrainedModel):
    config_class = KhulasaConfig
    base_model_prefix = "model"
    main_input_name = "input_ids"
    _no_split_modules = ["KhulasaLayer"]  # noqa: RUF012 - transformers' own convention
    _supports_sdpa = True

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear | nn.Embedding):
            module.weight.normal_(0.0, self.config.initializer_range)
        elif isinstance(module, KhulasaRMSNorm):
            module.weight.zero_()


class KhulasaModel(KhulasaPreTrainedModel):
    """The stack. Called, it is the encoder; ``decode`` is the decoder."""

    def __init__(self, config: KhulasaConfig) -> None:
        super().__init__(config)
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size, config.pad_token_id)
        self.layers = nn.ModuleList(KhulasaLayer(config, i) for i in range(config.num_hidden_layers))
        self.norm = KhulasaRMSNorm(config.hidden_size, config.rms_norm_eps)
        self.post_init()

    def stack(self) -> list[KhulasaLayer]:
        return cast("list[KhulasaLayer]", list(self.layers))

    def embed(self, input_ids: Tensor) -> Tensor:
        # Gemma rounds the scale to the compute format before it multiplies.
        return self.embed_tokens(input_ids) * torch.tensor(self.config.hidden_size**0.5, dtype=self.dtype)

    def _rotaries(self, positions: Tensor) -> dict[bool, tuple[Tensor, Tensor]]:
        """By kind of layer (attends everywhere or not): ``cos, sin [B, 1, t, d]`` for ``positions [B, t]``."""
        thetas = {True: self.config.rope_theta_global, False: self.config.rope_theta_local}
        return {
            kind: rotary(positions[:, None], theta, self.config.head_dim, self.dtype) for kind, theta in thetas.items()
        }

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None, **_: Any) -> KhulasaEncoderOutput:
        """Encodes ``input_ids [B, n]``; ``attention_mask [B, n]`` is 1 at tokens and 0 at padding, on either side."""
        present = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        positions = (present.cumsum(-1) - 1).clamp(min=0)
        rotaries = self._rotaries(positions)
        order = torch.arange(input_ids.shape[1], device=input_ids.device)
        see = present.bool()[:, None, None, :]  # [B, 1, 1, n]
        distance = positions[:, None, :, None] - positions[:, None, None, :]  # [B, 1, n, n]
        if self.config.encoder_attention == "causal":
            see = see & (order[:, None] >= order[None, :])
        itself = torch.eye(len(order), dtype=torch.bool, device=order.device)  # so that padding has something to see
        masks = {True: see | itself, False: (see & (distance.abs() < self.config.window)) | itself}
        x = self.embed(input_ids)
        memory = []
        for layer in self.stack():
            q, k, v = layer.project(x, *rotaries[layer.everywhere])
            memory.append(torch.stack([k, v], dim=1))
            x = layer.finish(x, q, k, v, masks[layer.everywhere])
        return KhulasaEncoderOutput(self.norm(x), torch.stack(memory, dim=1))

    def decode(
        self,
        decoder_input_ids: Tensor,
        keys_values: Tensor,
        attention_mask: Tensor | None = None,
        decoder_attention_mask: Tensor | None = None,
        cache: EncoderDecoderCache | None = None,
    ) -> Tensor:
        """Hidden states ``[B, t, D]`` of ``decoder_input_ids [B, t]``, which follow the ``s - t`` cached ones.

        keys_values: ``[B, L, 2, G, n, d]`` from the encoder, ``attention_mask [B, n]`` its padding;
        decoder_attention_mask: ``[B, s]``, 0 at the left padding of prompts of unequal length.
        """
        batch, length = decoder_input_ids.shape
        past = cache.self_attention_cache.get_seq_length() if cache is not None else 0
        device = decoder_input_ids.device
        if attention_mask is None:
            attention_mask = torch.ones((batch, keys_values.shape[-2]), dtype=torch.long, device=device)
        if decoder_attention_mask is None:
            decoder_attention_mask = torch.ones((batch, past + length), dtype=torch.long, device=device)
        source_positions = (attention_mask.cumsum(-1) - 1).clamp(min=0)  # [B, n]
        start = attention_mask.sum(-1, keepdim=True)  # [B, 1]: the decoder goes on from the document's length
        own_positions = start + (decoder_attention_mask.cumsum(-1) - 1).clamp(min=0)  # [B, s]
        positions = own_positions[:, past:]  # [B, t]
        order = torch.arange(past + length, device=device)
        causal = order[past:, None] >= order[None, :]
        own = decoder_attention_mask.bool()[:, None, None, :] & causal  # [B, 1, t, s]
        source = attention_mask.bool()[:, None, None, :].expand(-1, 1, length, -1)  # [B, 1, t, n]
        see = torch.cat([source, own], dim=-1)  # [B, 1, t, n + s]
        keys_at = torch.cat([source_positions, own_positions], dim=-1)[:, None, None, :]
        near = see & (positions[:, None, :, None] - keys_at < self.config.window)
        masks = {True: see, False: near}
        rotaries = self._rotaries(positions)
        x = self.embed(decoder_input_ids)
        for i, layer in enumerate(self.stack()):
            q, k, v = layer.project(x, *rotaries[layer.everywhere])
            source_k, source_v = keys_values[:, i, 0], keys_values[:, i, 1]
            if cache is not None:
                k, v = cache.self_attention_cache.update(k, v, i)
                if not cache.is_updated.get(i):
                    cache.cross_attention_cache.update(source_k, source_v, i)
                    cache.is_updated[i] = True
                stored = cache.cross_attention_cache.layers[i]
                source_k, source_v = stored.keys, stored.values
            x = layer.finish(
                x, q, torch.cat([source_k, k], dim=2), torch.cat([source_v, v], dim=2), masks[layer.everywhere]
            )
        return self.norm(x)


class KhulasaForConditionalGeneration(KhulasaPreTrainedModel, GenerationMixin):
    """Encoder-decoder with the output layer tied to the embedding; the task is the decoder's first tokens."""

    _tied_weights_keys = {"lm_head.weight": "model.embed_tokens.weight"}  # noqa: RUF012 - transformers' own convention

    def __init__(self, config: KhulasaConfig) -> None:
        super().__init__(config)
        self.model = KhulasaModel(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Any, *args: Any, **kwargs: Any) -> Any:
        """As transformers' own; a folder with the int8 base and the adapter (the bundled weights) is merged."""
        from .weights import Layout, load_model

        layout = Layout.of(pretrained_model_name_or_path)
        if layout is not None and layout.is_valid():
            return load_model(layout, kwargs.get("dtype") or kwargs.get("torch_dtype"), kwargs.get("config"))
        return super().from_pretrained(pretrained_model_name_or_path, *args, **kwargs)

    def get_encoder(self, *_: Any, **__: Any) -> KhulasaModel:
        return self.model

    def get_input_embeddings(self) -> nn.Embedding:
        return self.model.embed_tokens

    def set_input_embeddings(self, value: nn.Embedding) -> None:
        self.model.embed_tokens = value

    def get_output_embeddings(self) -> nn.Linear:
        return self.lm_head

    def set_output_embeddings(self, value: nn.Linear) -> None:
        self.lm_head = value

    def prepare_decoder_input_ids_from_labels(self, labels: Tensor) -> Tensor:
        """Labels ``[B, t]`` moved one to the right behind the start token; -100 becomes padding."""
        start = labels.new_full((labels.shape[0], 1), self.config.decoder_start_token_id)
        return torch.cat([start, labels[:, :-1]], dim=-1).masked_fill(
            torch.cat([torch.zeros_like(start, dtype=torch.bool), labels[:, :-1] == -100], dim=-1),
            self.config.pad_token_id,
        )

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        decoder_input_ids: Tensor | None = None,
        decoder_attention_mask: Tensor | None = None,
        encoder_outputs: KhulasaEncoderOutput | None = None,
        cache: EncoderDecoderCache | None = None,
        past_key_values: EncoderDecoderCache | None = None,  # the cache's name before transformers 5.20
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        return_dict: bool | None = None,
        **_: Any,
    ) -> KhulasaOutput:
        """One pass of the pair.

        Args:
            input_ids: ``[B, n]`` source tokens, ``<bos>`` first; or give ``encoder_outputs``.
            attention_mask: ``[B, n]``, 0 at padding.
            decoder_input_ids: ``[B, t]``, the task's prompt and what was generated.
            decoder_attention_mask: ``[B, s]``, 0 at left padding.
            labels: ``[B, t]``; the loss is the mean cross-entropy over those that are not -100.
        """
        if decoder_input_ids is None:
            if labels is None:
                raise ValueError("give decoder_input_ids (the task's prompt) or labels")
            decoder_input_ids = self.prepare_decoder_input_ids_from_labels(labels)
        if encoder_outputs is None:
            if input_ids is None:
                raise ValueError("give input_ids or encoder_outputs")
            encoder_outputs = self.model(input_ids, attention_mask)
        keys_values = encoder_outputs.keys_values
        if keys_values is None:
            raise ValueError("encoder_outputs must be what this model's encoder returned (keys_values is missing)")
        cache = cache if cache is not None else past_key_values
        if cache is None and labels is None and (self.config.use_cache if use_cache is None else use_cache):
            cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
        hidden = self.model.decode(decoder_input_ids, keys_values, attention_mask, decoder_attention_mask, cache)
        logits = self.lm_head(hidden)
        loss = None
        if labels is not None:
            loss = F.cross_entropy(logits.float().flatten(0, 1), labels.flatten(), ignore_index=-100)
        return KhulasaOutput(
            loss=loss,
            logits=logits,
            cache=cache,
            encoder_last_hidden_state=encoder_outputs.last_hidden_state,
            keys_values=keys_values,
        )
