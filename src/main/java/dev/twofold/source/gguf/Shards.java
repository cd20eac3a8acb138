package dev.twofold.source.gguf;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.SourceFile;
import dev.twofold.gguf.GgufHeader;
import dev.twofold.gguf.HeaderReader;
import dev.twofold.gguf.Metadata;
import dev.twofold.gguf.TensorEntry;
import dev.twofold.weight.Weight.OnDisk;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The files of a model, of which the first holds the metadata.
 *
 * @param headers of all of them, in order
 */
record Shards(List<GgufHeader> headers) {

    /** {@code model-00001-of-00003.gguf}. */
    private static final Pattern NAME = Pattern.compile("(?<stem>.*)-(?<number>\\d{5})-of-(?<count>\\d{5})\\.gguf");

    private static final String NUMBER = "split.no";
    private static final String COUNT = "split.count";
    private static final String TENSORS = "split.tensors.count";

    private static final int MAX_SHARDS = 2048;

    /** Experts of a layer are one tensor; the largest models have some 60,000 matrices. */
    private static final int MAX_MATRICES = 400_000;

    /**
     * @param file the first of a model's files
     * @throws TwofoldException of kind INPUT if one is malformed, or they do not belong together
     */
    static Shards read(Path file) {
        SourceFile.requireChosen(file);
        GgufHeader first = HeaderReader.read(file);
        Metadata metadata = new Metadata(first);
        long count = metadata.whole(COUNT).orElse(0L);
        if (count <= 1) {
            return new Shards(List.of(first));
        }
        Matcher name = NAME.matcher(String.valueOf(file.getFileName()));
        if (count > MAX_SHARDS || !name.matches() || Long.parseLong(name.group("count")) != count) {
            throw metadata.wrong(COUNT, "the file's name does not say the same")
                    .found(count)
                    .expected(
                            "a name such as model-00001-of-" + String.format("%05d", Math.min(count, 99_999)) + ".gguf")
                    .hint("keep the names that the files were published under");
        }
        long number = metadata.whole(NUMBER).orElse(-1L);
        if (number != 0 || Long.parseLong(name.group("number")) != 1) {
            throw metadata.wrong(NUMBER, "not the first of the model's files")
                    .found("number " + number)
                    .expected("0")
                    .hint("give " + shard(file, name, 0, count).getFileName());
        }
        List<GgufHeader> headers = new ArrayList<>(List.of(first));
        for (int i = 1; i < count; i++) {
            headers.add(further(shard(file, name, i, count), i, count));
        }
        Shards shards = new Shards(List.copyOf(headers));
        shards.requireTotal(metadata);
        return shards;
    }

    private static Path shard(Path file, Matcher name, long number, long count) {
        return file.resolveSibling(String.format("%s-%05d-of-%05d.gguf", name.group("stem"), number + 1, count));
    }

    private static GgufHeader further(Path file, int number, long count) {
        SourceFile.require(file);
        GgufHeader header = HeaderReader.read(file);
        Metadata metadata = new Metadata(header);
        long own = metadata.whole(NUMBER).orElse(-1L);
        long all = metadata.whole(COUNT).orElse(-1L);
        if (own != number || all != count) {
            throw metadata.wrong(NUMBER, "another file of the model than its name says")
                    .found("number " + own + " of " + all)
                    .expected("number " + number + " of " + count)
                    .hint("download the file again");
        }
        return header;
    }

    private void requireTotal(Metadata metadata) {
        long tensors =
                headers.stream().mapToLong(header -> header.tensors().size()).sum();
        metadata.whole(TENSORS).filter(said -> said != tensors).ifPresent(said -> {
            throw metadata.wrong(TENSORS, "the files do not hold so many tensors")
                    .found(tensors + " tensors")
                    .expected(said)
                    .hint("download the files again");
        });
    }

    GgufHeader first() {
        return headers.get(0);
    }

    List<Path> files() {
        return headers.stream().map(GgufHeader::file).toList();
    }

    /** Every matrix and vector by name; those that one tensor holds for all experts are {@code NAME.0.weight} and on. */
    Map<String, OnDisk> tensors() {
        Map<String, OnDisk> tensors = new HashMap<>();
        for (GgufHeader header : headers) {
            for (TensorEntry entry : header.tensors()) {
                long matrices = entry.isStacked() ? entry.shape().dim(0) : 1;
                if (matrices > MAX_MATRICES - tensors.size()) {
                    throw TwofoldException.input("too many matrices")
                            .at(Origin.tensor(header.file(), entry.name()))
                            .found(entry.shape())
                            .expected("at most " + MAX_MATRICES + " in all");
                }
                for (int i = 0; i < matrices; i++) {
                    String name = entry.isStacked() ? expert(entry.name(), i) : entry.name();
                    if (tensors.put(name, entry.part(header.file(), header.dataStart(), name, i)) != null) {
                        throw TwofoldException.input("the tensor is there twice")
                                .at(Origin.tensor(header.file(), name))
                                .hint("download the files again");
                    }
                }
            }
        }
        return tensors;
    }

    private static String expert(String name, int number) {
        int dot = name.lastIndexOf('.');
        return dot < 0 ? name + "." + number : name.substring(0, dot) + "." + number + name.substring(dot);
    }
}
