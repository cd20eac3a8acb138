package dev.twofold.target.gguf;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Norm;
import dev.twofold.family.Family;
import dev.twofold.target.gguf.GgufTensor.Use;
import java.util.ArrayList;
import java.util.List;

/** The tensors of a file. */
final class ModelTensors {

    private ModelTensors() {}

    static List<GgufTensor> of(Form form) {
        Decoder decoder = form.decoder();
        Family.Names names = form.family().names();
        List<GgufTensor> tensors = new ArrayList<>();
        tensors.add(GgufTensor.weight(names.embedding(), decoder.embedding().table(), Use.EMBEDDING, 0));
        if (!tied(form)) {
            tensors.add(GgufTensor.weight(names.head(), decoder.head().weight(), Use.HEAD, 0));
        }
        Norm last = decoder.finalNorm();
        tensors.add(GgufTensor.weight(names.finalNorm(), last.gain(), Use.SMALL, 0));
        last.bias().ifPresent(bias -> tensors.add(GgufTensor.bias(names.finalNorm(), bias, 0)));
        ModelKeys keys = new ModelKeys(form);
        keys.rotary()
                .ifPresent(rotary -> tensors.addAll(keys.positions("", rotary).tensors()));
        for (int block = 0; block < form.blocks().size(); block++) {
            tensors.addAll(BlockTensors.of(form, block));
        }
        return tensors;
    }

    /** Whether the head is the embedding, and no tensor of its own. */
    static boolean tied(Form form) {
        Decoder decoder = form.decoder();
        return decoder.tied() && decoder.head().bias().isEmpty();
    }
}
