package dev.twofold.target.gguf;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Rotary;
import dev.twofold.decoder.Rotary.YarnScaling;
import dev.twofold.gguf.GgufHeader;
import dev.twofold.gguf.HeaderReader;
import dev.twofold.pass.NotApplicable;
import dev.twofold.source.Companion;
import dev.twofold.target.Part;
import dev.twofold.target.Preview;
import dev.twofold.target.Target;
import dev.twofold.tensor.Precision;
import dev.twofold.weight.WeightWriter;
import dev.twofold.weight.WeightWriter.Written;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;

/** Writes a decoder as one GGUF file, with its tokenizer and chat template in it. */
public record GgufTarget(GgufOptions form) implements Target {

    public static final String NAME = "gguf";

    /** Bytes of a number of keys and values, which llama.cpp keeps in fp16 unless it is told otherwise. */
    private static final long CACHED = 2;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public SortedMap<String, String> options() {
        return form.named();
    }

    @Override
    public boolean keepsPlainLayers() {
        return true;
    }

    @Override
    public boolean keepsBothRanges() {
        return true;
    }

    @Override
    public Optional<NotApplicable> check(Decoder decoder, List<Companion> originals) {
        if (decoder.sharding().isPresent()) {
            return Optional.of(new NotApplicable("llama.cpp cuts models over devices itself", "leave out --devices"));
        }
        if (decoder.precision() != Precision.FP32) {
            return Optional.of(new NotApplicable(
                    "weights are cast to " + decoder.precision() + " before they are written",
                    "leave the pass cast out, and say the type of the file with --dtype"));
        }
        if (!decoder.blocks().isEmpty()) {
            return Optional.of(new NotApplicable(
                    "matrices are rounded to the blocks of an ONNX model",
                    "leave the pass quantize out, and say the type of the file with --dtype, such as q4_k_m"));
        }
        return Form.refusal(decoder).or(() -> TokenizerKeys.refusal(originals, decoder.facts()));
    }

    @Override
    public int contextLength(Decoder decoder) {
        return Form.of(decoder).context();
    }

    @Override
    public List<Part> parts(Decoder decoder) {
        return List.of(Part.whole(decoder));
    }

    private static boolean blendsBetweenPairs(Rotary rotary) {
        return rotary.scaling() instanceof YarnScaling yarn
                && (yarn.low() != Math.rint(yarn.low())
                        || yarn.high() - yarn.low() > 1 && yarn.high() != Math.rint(yarn.high()));
    }

    private GgufFile file(Decoder decoder) {
        return GgufFile.of(Form.of(decoder), form.type());
    }

    @Override
    public Optional<String> next(Path directory) {
        return Optional.of(
                "llama-cli -m " + directory.resolve(weightFile()) + ", or any other program that has llama.cpp in it");
    }

    @Override
    public Preview preview(Part part) {
        GgufFile file = file(part.decoder());
        long cached = part.decoder()
                .attentions()
                .mapToLong(attention -> 2L * attention.kvHeads() * attention.headSize() * CACHED)
                .sum();
        return new Preview(file.weightBytes(), file.dataBytes(), cached, OptionalInt.empty());
    }

    @Override
    public Written write(Part part, List<Companion> originals, Path directory, WeightWriter writer) {
        return file(part.decoder()).write(originals, directory.resolve(weightFile()), writer);
    }

    @Override
    public String weightFile() {
        return form.file();
    }

    /** What runtimes read is in the file. */
    @Override
    public void companions(Part part, List<Companion> originals, Path directory) {}

    /** llama.cpp is no library of Twofold's, so what is read back is the header, whose data has to lie in the file. */
    @Override
    public void verify(Part part, Path directory) {
        GgufHeader header = HeaderReader.read(directory.resolve(weightFile()));
        GgufFile file = file(part.decoder());
        if (!header.tensors().equals(file.entries())) {
            throw new IllegalStateException("the tensors of " + header.file() + " are not those that were written");
        }
    }

    /** What is said of a window that llama.cpp's architecture has and does not use, if it is one. */
    private static Optional<String> unusedWindow(Form written, int window) {
        int layers = written.architecture().windowedLayers();
        if (written.architecture().windowsUnused()) {
            return Optional.of("note: llama.cpp does not use the windows of " + written.name()
                    + ", and computes something else past " + window + " positions");
        }
        return layers == 0 || layers == written.blocks().size()
                ? Optional.empty()
                : Optional.of("note: llama.cpp looks for the windows of " + written.name() + " in models of " + layers
                        + " layers only, and computes something else here");
    }

    @Override
    public List<String> notes(Decoder decoder, List<Companion> originals) {
        Form written = Form.of(decoder);
        List<String> notes = new ArrayList<>();
        int context = written.context();
        if (context < written.wholeContext()) {
            notes.add("note: the file's context is " + context
                    + " positions, the width of the model's windows: llama.cpp's " + written.name()
                    + " has no windows, and computes something else past it");
        }
        written.window().flatMap(window -> unusedWindow(written, window)).ifPresent(notes::add);
        if (decoder.rotaries().stream().anyMatch(GgufTarget::blendsBetweenPairs)) {
            notes.add(
                    "note: the frequencies that YaRN blends begin and end between two pairs, which llama.cpp rounds to"
                            + " whole ones: it computes something slightly else, at all positions");
        }
        written.longRange()
                .filter(range -> range.positions() < context)
                .ifPresent(range ->
                        notes.add("note: llama.cpp turns all positions by LongRoPE's long range if its context is more"
                                + " than " + range.positions() + ": give -c " + range.positions()
                                + " for shorter texts, and up to -c " + context + " for longer ones"));
        if (written.uneven()) {
            notes.add(
                    "note: run it with flash attention (-fa on): without it llama.cpp makes the caches of all blocks as"
                            + " wide as the widest");
        }
        return notes;
    }
}
