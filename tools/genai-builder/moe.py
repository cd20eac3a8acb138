"""Exports checkpoints of Qwen3 MoE and gpt-oss with the parts of ONNX Runtime GenAI's model builder that write mixtures of experts.

usage: moe.py OUT CHECKPOINT:PRECISION[,PRECISION...]...

The builder has no class for Qwen3 MoE; it has one for Qwen3's attention, and one for the experts of Qwen3.5, whose linear attention
Twofold does not read. Here the two are put together, without the shared expert. Its gpt-oss rounds experts that are published in MXFP4
alone; here it rounds those of the checkpoint. For each precision of the experts (fp32, int4, int8;
everything else is fp32) OUT/NAME-moe-PRECISION holds the model, and OUT/NAME-moe-PRECISION.safetensors tokens and logits, as build.py
says. Matrices are rounded by rows: blocks of 32 do not fit tiny models.
"""

import contextlib
import io
import os
import pathlib
import sys

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"


def gpt_oss():
    from onnxruntime_genai.models.builders.gptoss import GPTOSSModel

    class Mixture(GPTOSSModel):
        def make_moe_preprocessing(self, layer_id, moe, root_input):
            self.experts = moe.experts
            super().make_moe_preprocessing(layer_id, moe, root_input)

        def load_mxfp4_experts(self, layer_id, decode=False):
            return self.experts.gate_up_proj.transpose(-1, -2), self.experts.down_proj.transpose(-1, -2)

    return Mixture


def qwen3():
    from onnxruntime_genai.models.builders.qwen import Qwen3Model, Qwen35MoETextModel

    class Mixture(Qwen3Model):
        make_moe_preprocessing = Qwen35MoETextModel.make_moe_preprocessing
        make_moe_router = Qwen35MoETextModel.make_moe_router
        make_moe_subgraph = Qwen35MoETextModel.make_moe_subgraph

        def get_moe_module(self, layer_id, layer):
            layer.mlp.shared_expert = layer.mlp.shared_expert_gate = None
            return layer.mlp

        def make_shared_expert(self, *_):
            return None, None

        def make_gated_add(self, name, root_input, **_):
            self.make_node("Identity", inputs=[root_input], outputs=[f"{name}/output_0"], name=name)
            self.make_value(f"{name}/output_0", self.io_dtype, shape=self.make_hidden_state_shape())

    return Mixture


def model(config, precision):
    import onnx_ir as ir

    options = {"qmoe_block_size": 0}
    if precision != "fp32":
        options["moe_quant_type"] = precision
    if config.model_type == "gpt_oss":
        return gpt_oss()(config, ir.DataType.FLOAT, ir.DataType.FLOAT, "cpu", "", options)
    made = qwen3()(config, ir.DataType.FLOAT, ir.DataType.FLOAT, "cpu", "", options)
    made.moe_attrs.update(activation_type="swiglu", swiglu_fusion=1, normalize_routing_weights=config.norm_topk_prob)
    made.moe_intermediate_size = config.moe_intermediate_size
    return made


def main():
    from safetensors.numpy import save_file
    from transformers import AutoConfig

    import build

    for argument in sys.argv[2:]:
        path, precisions = argument.rsplit(":", 1)
        for precision in precisions.split(","):
            directory = pathlib.Path(sys.argv[1]) / f"{pathlib.Path(path).name}-moe-{precision}"
            directory.mkdir(parents=True)
            config = AutoConfig.from_pretrained(path)
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                made = model(config, precision)
                made.make_model(path)
                made.save_model(str(directory))
                made.make_genai_config(config, {}, str(directory))
            tokens, logits = build.run(directory)
            save_file({"tokens": tokens, "logits": logits}, f"{directory}.safetensors")
            print(directory.name, flush=True)


if __name__ == "__main__":
    main()
