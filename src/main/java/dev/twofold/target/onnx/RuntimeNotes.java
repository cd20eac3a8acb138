package dev.twofold.target.onnx;

import dev.twofold.decoder.Decoder;
import dev.twofold.graph.Graph;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.tensor.Precision;
import java.util.ArrayList;
import java.util.List;

/** What people should know of where an output runs. */
final class RuntimeNotes {

    private RuntimeNotes() {}

    /** @param graph of one of its devices */
    static List<String> of(Decoder decoder, OnnxOptions form, Graph graph) {
        List<String> notes = new ArrayList<>();
        if (decoder.precision() == Precision.BF16) {
            notes.add("note: ONNX Runtime computes in bf16 on GPUs only; on a CPU, use twofold's own commands,"
                    + " or fp32 or fp16");
        }
        boolean biased = decoder.attentions()
                .anyMatch(attention -> attention.rule().chunk().isPresent()
                        || attention.ramps().isPresent());
        if (biased && form.dialect() == DialectName.ORT) {
            notes.add(
                    "note: layers that see chunks of a text, or positions by a bias (ALiBi), add to scores, which ONNX Runtime's GroupQueryAttention"
                            + " takes on CPUs, and refuses on CUDA in fp16 and bf16: use --dialect onnx there");
        }
        if (graph.runsChosenExperts()) {
            notes.add(
                    "note: the chosen experts run alone; on CUDA that takes ONNX Runtime 1.27 or later: before it, the"
                            + " operator computed gpt-oss's gate whatever the model says");
        }
        return notes;
    }
}
