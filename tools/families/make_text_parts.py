"""Makes testmodels/text-parts: tiny models of text and images, and golden logits of text alone.

As make_families.py, whose words hold here too: config.json and the names of tensors are those of published
checkpoints, and the logits are what the whole model makes of tokens without an image, in float64 throughout.

    pip install -r tools/families/requirements.txt
    python tools/families/make_text_parts.py testmodels/text-parts [NAME...]
"""

import json
import shutil
import sys
import tempfile
import zlib
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForImageTextToText

import tokenizer
from configs import COMMON, NARROW, NO_DROPOUT, RMS, SILU, WINDOW, without
from llama4 import LLAMA4
from make_families import LENGTH, ROWS, float64_throughout, logits, randomise, tensors_of

# A vocabulary with room for the tokens of images, which no text has.
VOCABULARY = 136
TEXT = {**without(COMMON, "torch_dtype", "transformers_version", "bos_token_id", "eos_token_id"), **NARROW,
        "vocab_size": VOCABULARY}
WHOLE = {"torch_dtype": "bfloat16", "transformers_version": "4.57.1", "bos_token_id": 1, "eos_token_id": 2}
SIGLIP = {"model_type": "siglip_vision_model", "hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2,
          "num_hidden_layers": 1, "image_size": 16, "patch_size": 4}
PIXTRAL = {"model_type": "pixtral", "hidden_size": 16, "head_dim": 8, "intermediate_size": 16, "image_size": 16,
           "num_attention_heads": 2, "num_hidden_layers": 1, "patch_size": 4}
QWEN_TOKENS = {"image_token_id": 130, "video_token_id": 131, "vision_start_token_id": 132, "vision_end_token_id": 133}
QWEN_TEXT = {**SILU, **NO_DROPOUT, "rms_norm_eps": 1e-6, "use_sliding_window": False, "sliding_window": 32768,
             "max_window_layers": 28, "rope_theta": 1000000.0}
# The head size follows from these.
QWEN_SIZES = {**without(TEXT, "head_dim"), "hidden_size": 64}
SECTIONS = {"type": "mrope", "mrope_section": [2, 3, 3]}
# Two layers, one KV head, and the sizes that follow from the hidden size and the heads.
TINY = {"hidden_size": 32, "intermediate_size": 32, "num_attention_heads": 2, "num_hidden_layers": 2, "num_key_value_heads": 1}
SMALLEST = {**TINY, "max_position_embeddings": 256, "vocab_size": VOCABULARY}
SHORT = {**TEXT, "num_hidden_layers": 2}
CLIP = {**SIGLIP, "model_type": "clip_vision_model", "projection_dim": 16, "vocab_size": 32}
IDEFICS = {**SIGLIP, "model_type": "smolvlm_vision"}
QWEN3_SIGHT = {"depth": 1, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": 48, "patch_size": 4,
               "num_position_embeddings": 16, "deepstack_visual_indexes": [0]}


def whole(model_type, architecture, *parts):
    config = {"architectures": [architecture], "model_type": model_type, **WHOLE}
    for part in parts:
        config.update(part)
    return config


MODELS = {
    "gemma3": whole("gemma3", "Gemma3ForConditionalGeneration", {
        "boi_token_index": 130, "eoi_token_index": 131, "image_token_index": 132, "mm_tokens_per_image": 4,
        "text_config": {**TEXT, "model_type": "gemma3_text", "num_hidden_layers": 6, "query_pre_attn_scalar": 24,
                        "sliding_window": WINDOW, "rms_norm_eps": 1e-6,
                        "rope_scaling": {"factor": 8.0, "rope_type": "linear"}},
        "vision_config": {**SIGLIP, "vision_use_head": False}}),
    "mistral3": whole("mistral3", "Mistral3ForConditionalGeneration", {
        "image_token_index": 130, "multimodal_projector_bias": False, "projector_hidden_act": "gelu",
        "spatial_merge_size": 2, "vision_feature_layer": -1,
        "text_config": {**TEXT, **SILU, **RMS, **NO_DROPOUT, "model_type": "mistral", "rope_theta": 1000000000.0,
                        "sliding_window": None},
        "tie_word_embeddings": False, "vision_config": PIXTRAL}),
    # Everything in one object, as the first ones were saved.
    "qwen2_vl": whole("qwen2_vl", "Qwen2VLForConditionalGeneration", QWEN_SIZES, QWEN_TEXT, QWEN_TOKENS, {
        "rope_scaling": SECTIONS, "tie_word_embeddings": True, "vision_token_id": 134,
        "vision_config": {"depth": 1, "embed_dim": 16, "hidden_size": 64, "in_chans": 3, "mlp_ratio": 2, "num_heads": 2,
                          "patch_size": 4, "spatial_merge_size": 2, "spatial_patch_size": 4, "temporal_patch_size": 2}}),
    "qwen2_5_vl": whole("qwen2_5_vl", "Qwen2_5_VLForConditionalGeneration", QWEN_TOKENS, {
        "text_config": {**QWEN_SIZES, **QWEN_TEXT, "model_type": "qwen2_5_vl_text",
                        "rope_scaling": {**SECTIONS, "type": "default", "rope_type": "default"}},
        "tie_word_embeddings": False,
        "vision_config": {"depth": 1, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": 64,
                          "patch_size": 4, "fullatt_block_indexes": [0]}}),
    "qwen3_vl": whole("qwen3_vl", "Qwen3VLForConditionalGeneration", QWEN_TOKENS, {
        "text_config": {**TEXT, **SILU, **NO_DROPOUT, "model_type": "qwen3_vl_text", "rms_norm_eps": 1e-6,
                        "attention_bias": False, "rope_theta": 5000000,
                        "rope_scaling": {"mrope_interleaved": True, "mrope_section": [2, 3, 3], "rope_type": "default"}},
        "tie_word_embeddings": True,
        "vision_config": QWEN3_SIGHT}),
    "qwen3_vl_moe": whole("qwen3_vl_moe", "Qwen3VLMoeForConditionalGeneration", QWEN_TOKENS, {
        "text_config": {**SHORT, **SILU, **NO_DROPOUT, "model_type": "qwen3_vl_moe_text", "rms_norm_eps": 1e-6,
                        "attention_bias": False, "rope_theta": 5000000, "decoder_sparse_step": 1, "mlp_only_layers": [],
                        "moe_intermediate_size": 16, "norm_topk_prob": True, "num_experts": 4, "num_experts_per_tok": 2,
                        "rope_scaling": {"mrope_interleaved": True, "mrope_section": [2, 3, 3], "rope_type": "default"}},
        "tie_word_embeddings": False, "vision_config": QWEN3_SIGHT}),
    "llava": whole("llava", "LlavaForConditionalGeneration", {
        "ignore_index": -100, "image_token_index": 130, "projector_hidden_act": "gelu", "vision_feature_layer": -2,
        "vision_feature_select_strategy": "default",
        "text_config": {"_name_or_path": "lmsys/vicuna-7b-v1.5", "architectures": ["LlamaForCausalLM"],
                        "max_position_embeddings": 256, "model_type": "llama", **RMS, "torch_dtype": "float16",
                        "vocab_size": VOCABULARY, **TINY},
        "tie_word_embeddings": False, "vision_config": CLIP}),
    "llava_next": whole("llava_next", "LlavaNextForConditionalGeneration", {
        "ignore_index": -100, "image_grid_pinpoints": [[16, 32]], "image_token_index": 130, "projector_hidden_act": "gelu",
        "use_image_newline_parameter": True, "vision_feature_layer": -2, "vision_feature_select_strategy": "default",
        "text_config": {"architectures": ["MistralForCausalLM"], "model_type": "mistral", **RMS, "sliding_window": None,
                        "rope_theta": 1000000.0, **SMALLEST},
        "tie_word_embeddings": False, "vision_config": CLIP}),
    "llava_onevision": whole("llava_onevision", "LlavaOnevisionForConditionalGeneration", {
        "image_grid_pinpoints": [[16, 32]], "image_token_index": 130, "video_token_index": 131,
        "projector_hidden_act": "gelu", "vision_aspect_ratio": "anyres_max_9", "vision_feature_layer": -1,
        "vision_feature_select_strategy": "full", "use_image_newline_parameter": True,
        "text_config": {**SMALLEST, "model_type": "qwen2", "rms_norm_eps": 1e-6, "rope_theta": 1000000.0,
                        "tie_word_embeddings": True},
        "tie_word_embeddings": False, "vision_config": {**SIGLIP, "vision_use_head": False}}),
    "smolvlm": whole("smolvlm", "SmolVLMForConditionalGeneration", {
        "image_token_id": 130, "scale_factor": 2, "tie_word_embeddings": False,
        "text_config": {**SMALLEST, **RMS, "model_type": "llama", "is_llama_config": True, "neftune_noise_alpha": 0.0,
                        "perceiver_config": {"model_type": "vllama3", "qk_layer_norms_perceiver": False},
                        "pixel_shuffle_factor": 2, "qk_layer_norms": False, "rope_interleaved": False,
                        "rope_theta": 100000, "use_resampler": False},
        "vision_config": IDEFICS}),
    "idefics3": whole("idefics3", "Idefics3ForConditionalGeneration", {
        "image_token_id": 130, "scale_factor": 2, "tie_word_embeddings": False,
        "text_config": {**SMALLEST, **RMS, "model_type": "llama", "rope_theta": 500000.0},
        "vision_config": {**IDEFICS, "model_type": "idefics3_vision"}}),
    # Nothing says that the head is the embedding.
    "internvl": whole("internvl", "InternVLForConditionalGeneration", {
        "downsample_ratio": 0.5, "image_seq_length": 4, "image_token_id": 130, "projector_hidden_act": "gelu",
        "vision_feature_layer": -1, "vision_feature_select_strategy": "default",
        "text_config": {**SMALLEST, "model_type": "qwen2", "rms_norm_eps": 1e-6, "rope_theta": 1000000.0,
                        "rope_scaling": {"factor": 2.0, "rope_type": "dynamic"}},
        "vision_config": {"model_type": "internvl_vision", "hidden_size": 16, "intermediate_size": 16, "image_size": [16, 16],
                          "num_attention_heads": 2, "num_hidden_layers": 1, "patch_size": [4, 4]}}),
    "aya_vision": whole("aya_vision", "AyaVisionForConditionalGeneration", {
        "adapter_layer_norm_eps": 1e-6, "alignment_intermediate_size": 32, "downsample_factor": 2, "image_token_index": 130,
        "vision_feature_layer": -1, "vision_feature_select_strategy": "full",
        "text_config": {**SMALLEST, **SILU, **NO_DROPOUT, "num_hidden_layers": 4, "model_type": "cohere2",
                        "attention_bias": False, "layer_norm_eps": 1e-5, "logit_scale": 0.25, "sliding_window": WINDOW,
                        "rope_theta": 50000, "sliding_window_pattern": 4},
        "vision_config": {**SIGLIP, "vision_use_head": False}}),
    "llama4": whole("llama4", "Llama4ForConditionalGeneration", {
        "boi_token_index": 130, "eoi_token_index": 131, "image_token_index": 132, "tie_word_embeddings": False,
        "text_config": {**SHORT, **without(LLAMA4, "tie_word_embeddings"), "model_type": "llama4_text",
                        "interleave_moe_layer_step": 1, "intermediate_size": 16, "no_rope_layers": [1, 0]},
        "vision_config": {**SIGLIP, "model_type": "llama4_vision_model", "intermediate_size": 64, "pixel_shuffle_ratio": 0.5,
                          "projector_input_dim": 16, "projector_output_dim": 16, "vision_output_dim": 16}}),
}



def published(name, tensors):
    """As published, where transformers saves it otherwise; and one that has the names of today, which it saves no more."""
    if name == "qwen3_vl_moe":
        # The first layer alone, so that both ways are there.
        return {key: tensor.transpose(1, 2) if ".layers.0.mlp.experts." in key else tensor for key, tensor in tensors.items()}
    if name == "llava_onevision":
        today = {"language_model.model.": "model.language_model.", "vision_tower.": "model.vision_tower.",
                 "multi_modal_projector.": "model.multi_modal_projector.", "image_newline": "model.image_newline"}
        for first, now in today.items():
            tensors = {now + key[len(first):] if key.startswith(first) else key: tensor for key, tensor in tensors.items()}
    return tensors


def build(name, config, directory):
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        (scratch / "config.json").write_text(json.dumps(config))
        model = AutoModelForImageTextToText.from_config(AutoConfig.from_pretrained(scratch), dtype=torch.float64)
        randomise(model, name)
        tensors = published(name, tensors_of(model.to(torch.bfloat16), scratch))
    (directory / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    save_file({key: tensors[key].contiguous() for key in sorted(tensors)}, directory / "model.safetensors",
              metadata={"format": "pt"})


def golden(name, directory):
    generator = torch.Generator().manual_seed(zlib.crc32(b"tokens " + name.encode()))
    tokens = torch.randint(4, 128, (ROWS, LENGTH), generator=generator)
    with float64_throughout():
        model, report = AutoModelForImageTextToText.from_pretrained(
            directory, dtype=torch.float64, attn_implementation="eager", output_loading_info=True)
        if {key for key in report["missing_keys"] if "lm_head" not in key} or report["mismatched_keys"]:
            raise SystemExit(f"{directory}: transformers misses {report}")
        # The class of this whole fails on text without an image in 5.24, after it has run its language model.
        model = model.language_model if name == "llama4" else model
        # As the language model alone has it: since 4.52 the class of the whole applies its head without this factor.
        exact = logits(model, tokens) * MODELS[name].get("text_config", {}).get("logit_scale", 1.0)
    print(f"{name:20} largest logit {exact.abs().max():6.2f}, "
          f"{(directory / 'model.safetensors').stat().st_size // 1000} kB")
    save_file({"tokens": tokens, "logits": exact.to(torch.float32).contiguous()}, directory / "golden.safetensors")


def main(root, names):
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    for name in names or MODELS:
        directory = root / name
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        build(name, MODELS[name], directory)
        tokenizer.write(directory)
        golden(name, directory)
        for file in directory.iterdir():
            file.chmod(0o644)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
