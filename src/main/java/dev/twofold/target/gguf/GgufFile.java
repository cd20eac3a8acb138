package dev.twofold.target.gguf;

import dev.twofold.decoder.Attention;
import dev.twofold.gguf.HeaderWriter;
import dev.twofold.gguf.TensorEntry;
import dev.twofold.gguf.TensorType;
import dev.twofold.source.Companion;
import dev.twofold.weight.WeightWriter;
import dev.twofold.weight.WeightWriter.Placement;
import dev.twofold.weight.WeightWriter.Written;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A file to be: its tensors with their types and places. */
record GgufFile(Form form, MatrixType type, List<GgufTensor> tensors, List<TensorEntry> entries) {

    static GgufFile of(Form form, MatrixType type) {
        List<GgufTensor> tensors = ModelTensors.of(form);
        Attention first = form.first();
        int experts = form.blocks()
                .get(0)
                .feedForward()
                .body()
                .mixture()
                .map(mixture -> mixture.experts().size())
                .orElse(0);
        TypeMix mix = new TypeMix(
                type, ModelTensors.tied(form), form.blocks().size(), experts, first.heads() != first.kvHeads());
        List<TensorEntry> entries = new ArrayList<>();
        long offset = 0;
        for (GgufTensor tensor : tensors) {
            TensorType own = mix.of(tensor);
            long bytes = own.bytes(tensor.shape().elements());
            entries.add(new TensorEntry(tensor.name(), own, tensor.shape(), offset, bytes));
            offset = (offset + bytes + HeaderWriter.ALIGNMENT - 1) / HeaderWriter.ALIGNMENT * HeaderWriter.ALIGNMENT;
        }
        return new GgufFile(form, type, List.copyOf(tensors), List.copyOf(entries));
    }

    /** Bytes of all weights. */
    long weightBytes() {
        return entries.stream().mapToLong(TensorEntry::bytes).sum();
    }

    /** Bytes from the first weight to the end of the last. */
    long dataBytes() {
        TensorEntry last = entries.get(entries.size() - 1);
        return last.offset() + last.bytes();
    }

    Written write(List<Companion> originals, Path file, WeightWriter writer) {
        byte[] header = header(originals);
        List<Placement> placements = new ArrayList<>();
        for (int i = 0; i < tensors.size(); i++) {
            TensorEntry entry = entries.get(i);
            placements.add(new Placement(
                    entry.name(), tensors.get(i).weight(), entry.type().format(), header.length + entry.offset()));
        }
        return writer.write(file, header, placements);
    }

    private byte[] header(List<Companion> originals) {
        HeaderWriter header = new HeaderWriter();
        header.text("general.architecture", form.name());
        header.text("general.type", "model");
        header.whole("general.file_type", type.fileType());
        header.whole("general.quantization_version", 2);
        new ModelKeys(form).write(header);
        TokenizerKeys.of(originals, form.decoder().facts()).write(header);
        return header.header(entries);
    }
}
