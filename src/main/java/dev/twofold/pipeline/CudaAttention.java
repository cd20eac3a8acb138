package dev.twofold.pipeline;

import dev.twofold.graph.lower.DialectName;
import dev.twofold.ort.Provider;
import dev.twofold.report.Manifest;
import dev.twofold.target.onnx.OnnxOptions;
import dev.twofold.tensor.Precision;
import java.util.Optional;

/** Where ONNX Runtime has GroupQueryAttention on CUDA: in fp16 and bf16 only; its standard Attention it has in fp32 as well. */
final class CudaAttention {

    private CudaAttention() {}

    /** What to know of a model that computes attention on the CPU, though it is asked to run on CUDA. */
    static Optional<String> note(Manifest manifest, Provider provider) {
        Manifest.Emission emission = manifest.emission();
        boolean fused = emission.option(OnnxOptions.DIALECT).equals(DialectName.ORT.toString());
        boolean whole = emission.dtype().equals(Precision.FP32.toString());
        return provider.equals(Provider.CUDA) && fused && whole
                ? Optional.of(
                        "note: ONNX Runtime has no GroupQueryAttention in fp32 on CUDA, so every attention of this model"
                                + " runs on the CPU: convert with --dtype fp16 or bf16, with --around fp16 where weights are in blocks,"
                                + " or with --dialect onnx, which is the one way for layers that see chunks of a text (Llama 4)")
                : Optional.empty();
    }
}
