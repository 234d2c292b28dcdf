// A file system in memory, as much of Node's fs as wasm_exec.js and Go's syscall package call.

const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const constants = {
	O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2, O_CREAT: 0o100, O_EXCL: 0o200, O_TRUNC: 0o1000, O_APPEND: 0o2000, O_DIRECTORY: 0o200000,
};

function failure(code, path) {
	return Object.assign(new Error(`${code}: ${path}`), { code });
}

// Returns the globals fs, path and process of a program with the working directory cwd,
// which holds the files given (content in base64), and a function that returns the changed files in the same form.
// output takes what is written to a standard stream.
export function memoryFS({ cwd, files, args, env }, output) {
	const nodes = new Map(); // by absolute path
	const open = new Map(); // by descriptor
	const tmp = "/tmp";
	let last = 2; // descriptor or inode handed out

	const resolve = (path) => {
		const parts = [];
		for (const part of (path.startsWith("/") ? path : `${cwd}/${path}`).split("/")) {
			if (part === "..") parts.pop();
			else if (part !== "" && part !== ".") parts.push(part);
		}
		return "/" + parts.join("/");
	};
	const parent = (path) => path.slice(0, path.lastIndexOf("/")) || "/";
	const isDirectory = (node) => (node.mode & S_IFDIR) !== 0;
	const create = (path, mode, data) => {
		const node = { mode, data, ino: ++last, time: Date.now(), changed: false };
		nodes.set(path, node);
		return node;
	};
	const find = (path) => {
		const node = nodes.get(resolve(path));
		if (!node) throw failure("ENOENT", path);
		return node;
	};
	const children = (path) => [...nodes.keys()].filter((p) => p !== "/" && parent(p) === path);
	const mkdirAll = (path) => {
		if (nodes.has(path)) return;
		if (path !== "/") mkdirAll(parent(path));
		create(path, S_IFDIR | 0o755, new Uint8Array());
	};
	const resize = (node, size) => {
		const data = new Uint8Array(size);
		data.set(node.data.subarray(0, size));
		node.data = data;
		node.changed = true;
	};
	const stat = (node) => ({
		dev: 1, ino: node.ino, mode: node.mode, nlink: 1, uid: 0, gid: 0, rdev: 0,
		size: node.data.length, blksize: 4096, blocks: Math.ceil(node.data.length / 512),
		atimeMs: node.time, mtimeMs: node.time, ctimeMs: node.time,
		isDirectory: () => isDirectory(node),
	});
	const file = (fd) => {
		const f = open.get(fd);
		if (!f) throw failure("EBADF", fd);
		return f;
	};
	const remove = (path, directory) => {
		const node = find(path);
		if (isDirectory(node) !== directory) throw failure(directory ? "ENOTDIR" : "EISDIR", path);
		if (children(resolve(path)).length > 0) throw failure("ENOTEMPTY", path);
		nodes.delete(resolve(path));
	};

	const calls = {
		open(path, flags, mode) {
			const full = resolve(path);
			let node = nodes.get(full);
			if (node && flags & constants.O_CREAT && flags & constants.O_EXCL) throw failure("EEXIST", path);
			if (!node) {
				if (!(flags & constants.O_CREAT) || !nodes.has(parent(full))) throw failure("ENOENT", path);
				node = create(full, S_IFREG | (mode & 0o777), new Uint8Array());
				node.changed = true;
			}
			if (flags & constants.O_DIRECTORY && !isDirectory(node)) throw failure("ENOTDIR", path);
			if (flags & (constants.O_WRONLY | constants.O_RDWR) && isDirectory(node)) throw failure("EISDIR", path);
			if (flags & constants.O_TRUNC) resize(node, 0);
			open.set(++last, { node, position: 0, append: (flags & constants.O_APPEND) !== 0 });
			return last;
		},
		close(fd) {
			file(fd);
			open.delete(fd);
		},
		read(fd, buffer, offset, length, position) {
			if (fd === 0) return 0;
			const f = file(fd);
			const start = position ?? f.position;
			const data = f.node.data.subarray(start, start + length);
			buffer.set(data, offset);
			if (position === null) f.position += data.length;
			return data.length;
		},
		write(fd, buffer, offset, length, position) {
			const data = buffer.subarray(offset, offset + length);
			if (fd === 1 || fd === 2) {
				output(fd, data);
				return length;
			}
			const f = file(fd);
			const start = f.append ? f.node.data.length : position ?? f.position;
			if (start + length > f.node.data.length) resize(f.node, start + length);
			f.node.data.set(data, start);
			f.node.changed = true;
			if (position === null) f.position = start + length;
			return length;
		},
		fstat: (fd) => stat(file(fd).node),
		stat: (path) => stat(find(path)),
		lstat: (path) => stat(find(path)),
		readdir(path) {
			if (!isDirectory(find(path))) throw failure("ENOTDIR", path);
			return children(resolve(path)).map((p) => p.slice(p.lastIndexOf("/") + 1)).sort();
		},
		mkdir(path, mode) {
			const full = resolve(path);
			if (nodes.has(full)) throw failure("EEXIST", path);
			if (!nodes.has(parent(full))) throw failure("ENOENT", path);
			create(full, S_IFDIR | (mode & 0o777), new Uint8Array());
		},
		rmdir: (path) => remove(path, true),
		unlink: (path) => remove(path, false),
		rename(from, to) {
			const node = find(from);
			if (isDirectory(node)) throw failure("ENOSYS", from);
			nodes.delete(resolve(from));
			nodes.set(resolve(to), node);
		},
		truncate: (path, size) => resize(find(path), size),
		ftruncate: (fd, size) => resize(file(fd).node, size),
		chmod(path, mode) {
			const node = find(path);
			node.mode = (node.mode & ~0o777) | (mode & 0o777);
		},
		utimes: (path) => void find(path),
		fsync: (fd) => void file(fd),
	};

	const fs = { constants, writeSync: (fd, buffer) => calls.write(fd, buffer, 0, buffer.length, null) };
	for (const name of ["fchmod", "chown", "fchown", "lchown", "link", "readlink", "symlink"]) {
		calls[name] = (path) => {
			throw failure("ENOSYS", path);
		};
	}
	for (const [name, call] of Object.entries(calls)) {
		fs[name] = (...args) => {
			const callback = args.pop();
			let result;
			try {
				result = call(...args);
			} catch (error) {
				if (!error.code) throw error;
				callback(error);
				return;
			}
			callback(null, result);
		};
	}

	mkdirAll(cwd);
	mkdirAll(tmp);
	env.TMPDIR = tmp;
	env.PWD = cwd;
	for (const [path, content] of Object.entries(files)) {
		mkdirAll(parent(path));
		create(path, S_IFREG | 0o444, Uint8Array.from(atob(content), (c) => c.charCodeAt(0)));
	}
	// A path in an argument, such as that of a profile, is one the program may write to.
	for (const arg of args) {
		const [name, path] = arg.split("=");
		if (path?.startsWith("/")) mkdirAll(name.endsWith("dir") ? path : parent(path));
	}
	const base64 = (data) => btoa(Array.from(data, (b) => String.fromCharCode(b)).join(""));
	const changed = () => [...nodes].filter(([, node]) => node.changed).map(([path, { data }]) => [path, base64(data)]);
	return {
		fs,
		path: { resolve: (...segments) => segments.reduce((base, s) => (s.startsWith("/") ? s : `${base}/${s}`), cwd) },
		process: {
			getuid: () => 0, getgid: () => 0, geteuid: () => 0, getegid: () => 0, getgroups: () => [],
			pid: 1, ppid: 0, umask: () => 0o022, cwd: () => cwd, chdir: (path) => void (cwd = resolve(path)),
		},
		changed: () => Object.fromEntries(changed()),
	};
}
