;;; A session in Emacs without a terminal: the very text that docs/editors.md says to paste, then a
;;; program is opened, coloured, indented, told of and changed.  -*- lexical-binding: t -*-

(require 'cl-lib)
(require 'eglot)
(require 'flymake)

(defvar here (file-name-directory (or load-file-name buffer-file-name)))
(defvar program
  "# A net.
model Net {
  input x: [N, 8]
        fc1: Lineer(
    4,
            )
    act: ReLU from fc1
        output y
    }
")

(defun check (holds what &rest found)
  (if holds (princ (format "ok      %s\n" what))
    (princ (format "FAILED  %s, but found %S\n" what found))
    (kill-emacs 1)))

(defun pasted ()
  "The block of Emacs Lisp in the page."
  (with-temp-buffer
    (insert-file-contents (expand-file-name "../../docs/editors.md" here))
    (re-search-forward "^```elisp\n")
    (let ((start (point)))
      (re-search-forward "^```$")
      (buffer-substring start (match-beginning 0)))))

(defun wait-for (holds)
  (let ((end (+ (float-time) 20)) found)
    (while (and (not (setq found (funcall holds))) (< (float-time) end))
      (accept-process-output nil 0.05))
    found))

(defun face-of (text)
  (goto-char (point-min))
  (search-forward text)
  (get-text-property (match-beginning 0) 'face))

(with-temp-buffer
  (insert (pasted))
  (eval-buffer))

(let ((file (expand-file-name "net.nn" (make-temp-file "nn" t))))
  (write-region program nil file)
  (find-file file)
  (check (eq major-mode 'nn-mode) "a .nn file is in nn-mode" major-mode)

  (font-lock-ensure)
  (cl-loop for (text face) in '(("A net" font-lock-comment-face)
                                ("model" font-lock-keyword-face)
                                ("Net {" font-lock-type-face)
                                ("input" font-lock-keyword-face)
                                ("fc1" font-lock-variable-name-face)
                                ("Lineer" font-lock-function-name-face)
                                ("ReLU" font-lock-function-name-face)
                                ("from" font-lock-keyword-face))
           do (check (eq (face-of text) face) (format "`%s` has its colour" text) (face-of text)))

  (indent-region (point-min) (point-max))
  (let ((wanted "# A net.
model Net {
    input x: [N, 8]
    fc1: Lineer(
        4,
    )
    act: ReLU from fc1
    output y
}
"))
    (check (equal (buffer-string) wanted) "lines are indented" (buffer-string)))
  (save-buffer)

  (apply #'eglot (eglot--guess-contact))
  (check (eglot-current-server) "the server is there")
  (flymake-start)
  (let ((told (wait-for #'flymake-diagnostics)))
    (check (and (= (length told) 1) (string-match-p "Lineer" (flymake-diagnostic-text (car told))))
           "a misspelt layer is told of" (mapcar #'flymake-diagnostic-text told)))
  (goto-char (point-min))
  (search-forward "act")
  (eglot-rename "hidden")
  (check (string-match-p "^    hidden: ReLU from fc1$" (buffer-string)) "a label is renamed"
         (buffer-string))
  (set-buffer-modified-p nil)
  (eglot-shutdown (eglot-current-server)))
